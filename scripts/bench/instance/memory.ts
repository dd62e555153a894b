import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseHierarchies, pidsInCgroups } from '../../../src/cluster/native/isolation/cgroups.ts';
import type { InstanceRecord } from '../../../src/instance/record.ts';
import { hasCode } from '../../../src/lib/errors.ts';

export type MemorySample = { readonly atMs: number; readonly usageBytes: number; readonly anonymousBytes: number };

/** Where the kernel accounts for an instance. cgroup v1 has a folder for each controller, v2 one for all. */
export type Accounts = {
  readonly memoryDir: string;
  readonly usageFile: string;
  readonly anonymousKey: string;
  readonly cpuSeconds: () => number;
};

/** A number of a file of `key value` lines, such as memory.stat. */
export const parseStat = (text: string, key: string): number => {
  const value = text.split('\n').find((line) => line.startsWith(`${key} `));
  if (value === undefined) throw new Error(`no ${key} in ${text.slice(0, 40)}`);
  return Number(value.slice(key.length));
};

/** Proportional set size in bytes from the text of smaps_rollup: shared pages count in parts. */
export const parsePSS = (text: string): number => Number(/^Pss:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0) * 1_024;

/** Finds the accounts among an instance's cgroup folders, one in each hierarchy of the text of /proc/self/mountinfo. */
export const accountsIn = (paths: readonly string[], mountinfo: string): Accounts => {
  const hierarchies = parseHierarchies(mountinfo);
  const folderOf = (controller: string | undefined) => {
    const hierarchy = hierarchies.find(({ options }) =>
      controller ? options?.split(',').includes(controller) : options === undefined,
    );
    return hierarchy && paths.find((path) => dirname(path) === hierarchy.path);
  };
  const [memoryDir, cpuDir, dir] = [folderOf('memory'), folderOf('cpuacct'), folderOf(undefined)];
  if (memoryDir && cpuDir) {
    const cpuSeconds = () => Number(readFileSync(join(cpuDir, 'cpuacct.usage'), 'utf8')) / 1e9;
    return { memoryDir, usageFile: 'memory.usage_in_bytes', anonymousKey: 'total_rss', cpuSeconds };
  }
  if (!dir) throw new Error(`no cgroup with memory accounting among ${paths.join(', ') || 'none'}`);
  const cpuSeconds = () => parseStat(readFileSync(join(dir, 'cpu.stat'), 'utf8'), 'usage_usec') / 1e6;
  return { memoryDir: dir, usageFile: 'memory.current', anonymousKey: 'anon', cpuSeconds };
};

/** The accounts of the instance in a folder, as its journal names them; undefined before it is that far. */
export const findAccounts = (instanceDir: string): Accounts | undefined => {
  const text = readUnlessGone(join(instanceDir, 'instance.json'));
  const { journal = [] } = text === undefined ? {} : (JSON.parse(text) as InstanceRecord);
  const paths = journal.flatMap((resource) => (resource.kind === 'cgroups' ? resource.paths : []));
  return paths.length > 0 ? accountsIn(paths, readFileSync('/proc/self/mountinfo', 'utf8')) : undefined;
};

/** Throws where {@link findAccounts} finds none. */
export const getAccounts = (instanceDir: string): Accounts => {
  const accounts = findAccounts(instanceDir);
  if (!accounts) throw new Error(`the journal in ${instanceDir} names no cgroups`);
  return accounts;
};

const readUnlessGone = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENODEV')) return undefined;
    throw error;
  }
};

const look = ({ memoryDir, usageFile, anonymousKey }: Accounts): MemorySample | undefined => {
  const usage = readUnlessGone(join(memoryDir, usageFile));
  const stat = readUnlessGone(join(memoryDir, 'memory.stat'));
  if (usage === undefined || stat === undefined) return undefined;
  return { atMs: Date.now(), usageBytes: Number(usage), anonymousBytes: parseStat(stat, anonymousKey) };
};

const samplePauseMs = 50;

/** Looks at the memory of the instance in a folder, which may not be there yet, until it is told to stop. */
export const sampleMemory = (instanceDir: string): (() => readonly MemorySample[]) => {
  const samples: MemorySample[] = [];
  let accounts: Accounts | undefined;
  const timer = setInterval(() => {
    accounts ??= findAccounts(instanceDir);
    const sample = accounts && look(accounts);
    if (sample) samples.push(sample);
  }, samplePauseMs);
  return () => {
    clearInterval(timer);
    return samples;
  };
};

const pssOf = async (pid: number): Promise<number> => {
  try {
    return parsePSS(await readFile(`/proc/${pid}/smaps_rollup`, 'utf8'));
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ESRCH')) return 0; // it has ended since
    throw error;
  }
};

export const pidsOf = ({ memoryDir }: Accounts): Promise<readonly number[]> => pidsInCgroups([memoryDir]);

/** Memory of all processes of an instance, in bytes. */
export const sumPSS = async (accounts: Accounts): Promise<number> => {
  const sizes = await Promise.all((await pidsOf(accounts)).map(pssOf));
  return sizes.reduce((sum, size) => sum + size, 0);
};
