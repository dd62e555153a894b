import { readdir, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runSoak, type SoakPart } from '../../scripts/soak/main.ts';
import { ending, makeTaskgate, type Taskgate } from '../support/e2e/taskgate.ts';

/** The stated times are those of a machine that has nothing else to do; CI runs suites beside each other. */
const slack = '6';
/** The same order in each run of the suite; `npm run soak` has another each time. */
const seed = '1648281374';

describe('a short soak: parts of a native node are broken in turn for three minutes', () => {
  let parts: readonly SoakPart[];
  const said: string[] = [];
  beforeAll(async () => {
    parts = await runSoak({ minutes: 3, seed, slack, say: (line) => said.push(line) });
  }, 1_200_000);

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
    taskgate = await makeTaskgate({ TASKGATE_MASTER_PORT: '18094' });
    expect(ending(await taskgate.run('up'))).toBe('exit 0');
  });
  afterAll(() => taskgate.close('dev'));

  /** Pids of processes of the machine that are stopped, as in proc(5). */
  const stoppedPids = async (): Promise<readonly string[]> => {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')));
    return pids.filter((_, index) => / T /.test(stats[index]?.replace(/.*\)/s, '') ?? ''));
  };

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGKILL', undefined],
  ] as const)('%s of chaos leaves nothing frozen', async (signal, exitCode) => {
    const running = taskgate.start('chaos', '--scenario', 'etcd-frozen');
    let text = '';
    const frozen = Promise.withResolvers<string>();
    running.stderr.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const pid = /1: etcd-frozen: process (\d+)/.exec(text)?.[1];
      if (pid !== undefined) frozen.resolve(pid);
    });
    const ended = running.then((result) => result.exitCode);
    const pid = await Promise.race([frozen.promise, ended.then(() => `none; it ended: ${text}`)]);
    expect(await stoppedPids()).toContain(pid);
    running.kill(signal);
    expect(await ended).toBe(exitCode);
    await expect.poll(stoppedPids, { timeout: 10_000 }).not.toContain(pid);
    expect(ending(await taskgate.run('smoke'))).toBe('exit 0');
    expect(ending(await taskgate.run('status'))).toBe('exit 0');
  });
});
