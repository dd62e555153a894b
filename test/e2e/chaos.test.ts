import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runSoak, type SoakPart } from '../../scripts/soak/main.ts';
import { ending, makeTaskgate, type Taskgate } from '../support/e2e/taskgate.ts';

describe('a short soak: parts of a native node are broken in turn for three minutes', () => {
  let parts: readonly SoakPart[];
  const said: string[] = [];
  beforeAll(async () => {
    parts = await runSoak({ minutes: 3, say: (line) => said.push(line) });
  }, 900_000);

  test('each fault was injected and recovered in time; no byte was lost, and nothing is left', () => {
    for (const { exitCode, summary } of parts) {
      const { faults, recovered, lostBytes, leftovers, scenarios } = summary;
      expect(
        scenarios.flatMap((one) => one.failures),
        said.join('\n'),
      ).toEqual([]);
      expect({ exitCode, recovered, lostBytes, leftovers }).toEqual({
        ...{ exitCode: 0, recovered: faults, lostBytes: 0, leftovers: 0 },
      });
    }
  });

  test('there were faults', () => {
    expect(parts.map(({ summary }) => summary.faults).filter((faults) => faults < 3)).toEqual([]);
    expect(parts.length).toBeGreaterThan(0);
  });
});

describe('an instance that is up', () => {
  let taskgate: Taskgate;
  beforeAll(async () => {
    taskgate = await makeTaskgate();
    expect(ending(await taskgate.run('up'))).toBe('exit 0');
  });
  afterAll(() => taskgate.close('dev'));

  test('SIGKILL of chaos leaves nothing frozen', async () => {
    const running = taskgate.start('chaos', '--scenario', 'etcd-frozen');
    let text = '';
    const frozen = Promise.withResolvers<void>();
    running.stderr.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes('1: etcd-frozen: process')) frozen.resolve();
    });
    await frozen.promise;
    running.kill('SIGKILL');
    await running;
    expect(ending(await taskgate.run('smoke'))).toBe('exit 0');
    expect(ending(await taskgate.run('status'))).toBe('exit 0');
  });
});
