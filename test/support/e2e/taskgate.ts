import { readFile, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import type { InstanceRecord } from '../../../src/instance/record.ts';
import { connect, type Kube } from '../../../src/lib/kube/client.ts';
import { runDir } from '../temporary-dir.ts';

const root = join(import.meta.dirname, '..', '..', '..');

export type Ended = { readonly exitCode: number; readonly stdout: string; readonly stderr: string };

/** Not the default port: a master of the machine's user may listen there. */
const masterPort = Number(process.env['TASKGATE_MASTER_PORT'] ?? 18_080);

/** taskgate as a user runs it, with a state folder of its own and the cache that all suites share, unless `own` names others. */
export const makeTaskgate = async (own: Readonly<Record<string, string>> = {}) => {
  const stateHome = await runDir('e2e');
  const env = {
    TASKGATE_MASTER_PORT: String(masterPort),
    XDG_STATE_HOME: stateHome,
    XDG_CACHE_HOME: process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
    ...own,
  };
  const startProgram = (program: string, args: readonly string[]) =>
    execa(process.execPath, [program, ...args], { cwd: stateHome, env, reject: false, stdin: 'ignore' });
  const start = (...args: readonly string[]) => startProgram(join(root, 'scripts', 'taskgate.js'), args);
  const endOf = async (started: ReturnType<typeof start>): Promise<Ended> => {
    const { exitCode, signal, stdout, stderr } = await started;
    return { exitCode: exitCode ?? (signal === 'SIGKILL' ? 137 : 1), stdout, stderr };
  };
  const run = (...args: readonly string[]): Promise<Ended> => endOf(start(...args));
  const dirOf = (name: string): string => join(stateHome, 'taskgate', 'instances', name);
  return {
    stateHome,
    masterPort,
    cacheDir: join(env.XDG_CACHE_HOME, 'taskgate'),
    start,
    run,
    /** The same by the program of another checkout. */
    runBy: (program: string, ...args: readonly string[]): Promise<Ended> => endOf(startProgram(program, args)),
    dirOf,
    record: async (name: string): Promise<InstanceRecord> =>
      JSON.parse(await readFile(join(dirOf(name), 'instance.json'), 'utf8')) as InstanceRecord,
    /** A file of an instance's folder. */
    file: (name: string, file: string): Promise<string> => readFile(join(dirOf(name), file), 'utf8'),
    kube: async (name: string): Promise<Kube> => connect(await readFile(join(dirOf(name), 'kubeconfig'), 'utf8')),
    /** Takes the instances down and removes the state folder. */
    close: async (...names: readonly string[]) => {
      for (const name of names) await run('down', '--name', name);
      await rm(stateHome, { recursive: true, force: true });
    },
  };
};

export type Taskgate = Awaited<ReturnType<typeof makeTaskgate>>;

/** For `expect(...)`: shows what a command said when it did not end as wanted. */
export const ending = ({ exitCode, stdout, stderr }: Ended): string =>
  exitCode === 0 ? 'exit 0' : `exit ${exitCode}\n${stderr}\n${stdout}`;
