import { setTimeout as pause } from 'node:timers/promises';
import { isRunning, signalProcess } from '../../../src/lib/process/processes.ts';
import { polling, waitUntil } from '../../../src/lib/wait.ts';
import { changesBetween, takeSnapshot } from '../../testbed/objects.ts';
import type { BenchContext } from '../context.ts';
import { instanceName, type Settings, type Taskgate } from '../instance/instance.ts';
import { pidsOf, sumPSS } from '../instance/memory.ts';
import type { Lifecycle } from '../results.ts';
import type { UpRun } from '../stage.ts';
import { type Spread, spreadOf } from '../statistics.ts';
import { seconds } from '../units.ts';

/** Time of `--help`. */
export const measureHelp = async ({ quick, taskgate }: BenchContext): Promise<Spread> => {
  const samples: number[] = [];
  for (let count = 0; count < (quick ? 3 : 10); count++) samples.push(await taskgate.time('--help'));
  return spreadOf(samples);
};

/** Kills the supervisor and waits until all of its processes are gone; the state stays. */
const killSupervisor = async ({ record, accounts }: Taskgate, signal: AbortSignal): Promise<void> => {
  const supervisor = (await record()).journal.findLast((resource) => resource.kind === 'keeper')?.process;
  if (!supervisor || !(await signalProcess(supervisor, 'SIGKILL'))) throw new Error('there is no supervisor to kill');
  const look = async () => ((await isRunning(supervisor)) ? 1 : 0) + (await pidsOf(accounts())).length;
  const judge = (left: number) => left === 0 || `${left} processes left`;
  await waitUntil('End of the killed cluster', polling(look, 20), judge, {
    timeoutMs: 30_000,
    id: 'cluster.killed',
    signal,
  });
};

/** `up` on an instance that is up, and the objects that it changed. */
export const measureSecondUp = async (taskgate: Taskgate, settings: Settings = {}) => {
  const kube = await taskgate.kube();
  const before = await takeSnapshot(kube);
  const { ms } = await taskgate.up(settings);
  return { ms, changes: changesBetween(before, await takeSnapshot(kube)) };
};

type Round = {
  readonly cold: UpRun;
  readonly idleBytes: number;
  readonly second: { readonly ms: number; readonly changes: readonly string[] };
  readonly smokeMs: number;
  readonly warm: UpRun;
  readonly downMs: number;
};

const measureRound = async ({ quick, taskgate, signal, say }: BenchContext): Promise<Round> => {
  const cold = await taskgate.up();
  say(`up from nothing: ${seconds(cold.ms)}`);
  await pause(quick ? 3_000 : 10_000, undefined, { signal }); // until what `up` began has come to rest
  const idleBytes = await sumPSS(taskgate.accounts());
  const second = await measureSecondUp(taskgate);
  say(`second up: ${seconds(second.ms)}`);
  const smokeMs = await taskgate.time('smoke', '--name', instanceName);
  say(`smoke: ${seconds(smokeMs)}`);
  await killSupervisor(taskgate, signal);
  const warm = await taskgate.up();
  say(`up after the supervisor was killed: ${seconds(warm.ms)}`);
  const downMs = await taskgate.down();
  say(`down: ${seconds(downMs)}`);
  return { cold, idleBytes, second, smokeMs, warm, downMs };
};

const measureRounds = async (context: BenchContext): Promise<readonly Round[]> => {
  const { quick, attempt, taskgate } = context;
  const rounds: Round[] = [];
  try {
    while (rounds.length < (quick ? 1 : 3)) {
      const round = await attempt(`life ${rounds.length + 1} of an instance`, () => measureRound(context));
      if (!round) break;
      rounds.push(round);
    }
  } finally {
    await taskgate.down(); // what a failed round has left
  }
  return rounds;
};

/** Whole lives of an instance: from nothing, again, proven, killed, repaired, removed. Undefined when none succeeded. */
export const measureLifecycle = async (context: BenchContext): Promise<Lifecycle | undefined> => {
  const rounds = await measureRounds(context);
  if (rounds.length === 0) return undefined;
  return {
    cold: rounds.map(({ cold }) => cold),
    secondMs: rounds.map(({ second }) => second.ms),
    changedBySecond: rounds.flatMap(({ second }) => second.changes),
    smokeMs: rounds.map(({ smokeMs }) => smokeMs),
    warm: rounds.map(({ warm }) => warm),
    downMs: rounds.map(({ downMs }) => downMs),
    idleBytes: rounds.map(({ idleBytes }) => idleBytes),
  };
};
