import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { InstanceRecord } from '../../../src/instance/record.ts';
import { connect, type Kube } from '../../../src/lib/kube/client.ts';
import { execaRunner } from '../../../src/lib/process/runner.ts';
import type { Stage } from '../../../src/model/stage.ts';
import type { UpRun } from '../stage.ts';
import { type Accounts, findAccounts, getAccounts, sampleMemory } from './memory.ts';
import { begunAt, withPeaks } from './stages.ts';

/** The one instance that the benchmark makes, and the state folder that holds nothing else. */
export const instanceName = 'bench';

const program = join(import.meta.dirname, '..', '..', 'taskgate.js');

export type Settings = Readonly<Record<`TASKGATE_${string}`, string>>;

/** Runs taskgate as a user does, on the native provider unless the settings say otherwise. Every method throws CommandError when it fails. */
export type Taskgate = {
  /** Milliseconds that a command line took. */
  readonly time: (...args: readonly string[]) => Promise<number>;
  readonly up: (settings?: Settings) => Promise<UpRun>;
  /** Also after an abort. */
  readonly down: () => Promise<number>;
  readonly record: () => Promise<InstanceRecord>;
  readonly kube: () => Promise<Kube>;
  /** Where the kernel accounts for the instance. */
  readonly accounts: () => Accounts;
};

export const makeTaskgate = (stateHome: string, signal: AbortSignal): Taskgate => {
  const dir = join(stateHome, 'taskgate', 'instances', instanceName);
  const named = ['--name', instanceName];
  const run = async (args: readonly string[], options: { settings?: Settings; signal?: AbortSignal } = {}) => {
    const port = process.env['TASKGATE_MASTER_PORT'] ?? '18090'; // a master may listen on the default one
    const env = {
      TASKGATE_PROVIDER: 'native',
      ...options.settings,
      XDG_STATE_HOME: stateHome,
      TASKGATE_MASTER_PORT: port,
    };
    const startMs = performance.now();
    await execaRunner([process.execPath, program, ...args], {
      cwd: stateHome,
      env,
      ...(options.signal && { signal: options.signal }),
    });
    return performance.now() - startMs;
  };
  const up = async (settings: Settings = {}): Promise<UpRun> => {
    const stopSampling = sampleMemory(dir);
    try {
      const ms = await run(['up', ...named], { settings, signal });
      const reportPath = join(dir, 'report.json');
      const { stages } = JSON.parse(await readFile(reportPath, 'utf8')) as { stages: readonly Stage[] };
      const begunAtMs = begunAt(stages, (await stat(reportPath)).mtimeMs);
      const cpuSeconds = findAccounts(dir)?.cpuSeconds();
      const measured = withPeaks(stages, begunAtMs, stopSampling());
      return { ms, ...(cpuSeconds !== undefined && { cpuSeconds }), stages: measured };
    } finally {
      stopSampling();
    }
  };
  return {
    time: (...args) => run(args, { signal }),
    up,
    down: () => run(['down', ...named]),
    record: async () => JSON.parse(await readFile(join(dir, 'instance.json'), 'utf8')) as InstanceRecord,
    kube: async () => connect(await readFile(join(dir, 'kubeconfig'), 'utf8')),
    accounts: () => getAccounts(dir),
  };
};
