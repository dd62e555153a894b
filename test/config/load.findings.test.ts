import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Finding, loadConfig } from '../../src/config/load.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

type Given = {
  readonly yaml?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly flags?: Readonly<Record<string, string>>;
};

const load = async (finding: Finding, { yaml, env = {}, flags = {} }: Given) => {
  const cwd = await temporaryDir();
  if (yaml !== undefined) await writeFile(join(cwd, 'taskgate.yaml'), yaml);
  return loadConfig({ cwd, env, flags, check: () => [finding] });
};

test('a finding about a section names what gave its parts', async () => {
  const finding = { severity: 'warning', path: 'gateway.portRange', message: 'is odd', hint: 'change it' } as const;
  const range = { 'gateway.portRange.start': '20001', 'gateway.portRange.end': '20002' };
  const { warnings } = await load(finding, { flags: range });
  expect(warnings).toEqual([
    '--gateway-port-range-start, --gateway-port-range-end: gateway.portRange: is odd; change it',
  ]);
  const env = { TASKGATE_GATEWAY_PORT_RANGE_END: '20100' };
  expect((await load(finding, { env })).warnings[0]).toMatch(/^TASKGATE_GATEWAY_PORT_RANGE_END: gateway/);
  const start = await load(finding, { flags: { 'gateway.portRange.start': '20001' } });
  expect(start.warnings[0]).toMatch(/^--gateway-port-range-start: gateway/);
});

test('findings of the parts carry the place of the setting; warnings stop nothing', async () => {
  const finding = { path: 'gateway.portRange', message: 'start 52000 > end 51000', hint: 'swap them' } as const;
  const yaml = 'gateway:\n  portRange: {start: 52000, end: 51000}\n';
  await expect(load({ ...finding, severity: 'error' }, { yaml })).rejects.toThrow(
    'taskgate.yaml:2:3: gateway.portRange: start 52000 > end 51000; swap them',
  );
  const { warnings } = await load({ ...finding, severity: 'warning' }, { yaml });
  expect(warnings).toEqual(['taskgate.yaml:2:3: gateway.portRange: start 52000 > end 51000; swap them']);
});

test('all problems come at once, those of rules too', async () => {
  const path = 'gateway.portRange';
  const finding = { severity: 'error', path, message: 'start 52000 > end 51000', hint: 'swap them' } as const;
  const loading = load(finding, {
    yaml: 'nmae: x\ngateway:\n  portRange: {start: 52000, end: 51000}\n',
    env: { TASKGATE_MASTER_PORT: '0' },
    flags: { provider: 'docker' },
  });
  await expect(loading).rejects.toMatchObject({
    message: [
      '4 problems in the settings:',
      '--provider: provider: must be auto, minikube, native or attach, got "docker"',
      'TASKGATE_MASTER_PORT: master.port: must be at least 1, got 0',
      "taskgate.yaml:1:1: unknown key 'nmae'; did you mean 'name'?",
      'taskgate.yaml:3:3: gateway.portRange: start 52000 > end 51000; swap them',
    ].join('\n  - '),
    hint: expect.stringContaining('taskgate help settings'),
  });
});
