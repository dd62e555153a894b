import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { status } from '../../../src/commands/status/status.ts';
import { makeUser, watchStdout } from '../../support/command-input.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

test('stdout has every problem with its way out; the error names the instance and gives the exit code', async () => {
  const { begin, input } = await makeUser();
  const { dir } = await begin('broken');
  await writeFile(join(dir, 'instance.json'), '{');
  await begin('dev');
  await begin('second');
  const written = watchStdout();
  await expect(status(input(), { watch: false })).rejects.toMatchObject({
    id: 'environment.instance-damaged',
    message: `instance broken: ${dir}/instance.json is damaged, and 2 further problems`,
    hint: undefined,
  });
  expect(written()).toMatch(/^broken: unknown\n {2}✖ .* is damaged\n {4}to fix: .*\n\ndev: absent/);
  expect(written().match(/the cluster was never started\n {4}to fix: run: (?:npx )?taskgate up/g)).toHaveLength(2);
});

test('one problem is told alone', async () => {
  const { begin, input } = await makeUser();
  await begin('dev');
  watchStdout();
  await expect(status(input(), { watch: false })).rejects.toMatchObject({
    message: 'instance dev: the cluster was never started',
  });
});

test('of an instance that does not run nothing is exposed', async () => {
  const { begin, input } = await makeUser();
  const portRange = { start: 20000, end: 20199 };
  const capacity = { limit: 200, because: 'range' };
  const instance = await begin('dev');
  await instance.change({ gateway: { name: 'g', namespace: 'n', address: '10.210.255.2', portRange, capacity } });
  const written = watchStdout();
  await expect(status(input(), { watch: false })).rejects.toThrow('instance dev');
  expect(written()).toContain('  gateway    n/g at 10.210.255.2, ports 20000-20199\n');
  expect(written()).not.toContain('exposed');
});
