import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../../../lib/errors.ts';
import { findTextFile } from '../../../lib/files.ts';

/** What a node may use of this machine. */
export type NodeLimits = {
  readonly memoryMb: number;
  /** All of this machine's memory. */
  readonly machineMb: number;
  /** Processes and threads. */
  readonly pids: number;
};

/** A quarter of the node's: one task cannot use up all of them. */
export const podPidsOf = ({ pids }: Pick<NodeLimits, 'pids'>): number => Math.floor(pids / 4);

/**
 * Memory of the node's own processes, in MiB, which pods do not get. With Contour and one task they use some 700; the API
 * server grows with the number of listeners.
 */
export const ownMemoryOf = ({ memoryMb }: Pick<NodeLimits, 'memoryMb'>): number =>
  Math.min(2_048, Math.max(768, Math.floor(memoryMb / 4)));

/** By default a node may use three quarters of the machine. */
export const defaultMemoryMb = (machineMb: number): number => Math.floor((machineMb * 3) / 4);

const mebibyte = 2 ** 20;

/** Files of cgroup v1 and v2, in the order in which they are written; a hierarchy has those of its controllers. */
const limitFiles = ({ memoryMb, pids }: NodeLimits): readonly (readonly [file: string, value: number])[] => [
  ['memory.limit_in_bytes', memoryMb * mebibyte],
  // no swap on top, which would slow down the whole machine; both files are missing on kernels that do not count swap
  ['memory.memsw.limit_in_bytes', memoryMb * mebibyte],
  ['memory.max', memoryMb * mebibyte],
  ['memory.swap.max', 0],
  ['pids.max', pids],
];

/** Writes a file of a cgroup that exists only where its controller is. */
const writeIfThere = async (path: string, text: string): Promise<void> => {
  try {
    await writeFile(path, text, { flag: 'r+' });
  } catch (error) {
    // a folder of the cgroup filesystem gets no files but the kernel's own
    if (!hasCode(error, 'ENOENT') && !hasCode(error, 'EACCES')) throw error;
  }
};

/** Limits the cgroups of a node, which are new and empty. */
export const limitCgroups = async (paths: readonly string[], limits: NodeLimits): Promise<void> => {
  for (const path of paths) {
    for (const [file, value] of limitFiles(limits)) await writeIfThere(join(path, file), String(value));
  }
};

/** What a node uses now, and its limit where it has one. */
export type NodeUse = {
  readonly memory?: { readonly usedBytes: number; readonly limitBytes?: number };
  readonly pids?: { readonly used: number; readonly limit?: number };
};

/** Without a limit v2 has `max`, and v1 the largest number of pages. */
const parseLimit = (text: string | undefined): number | undefined => {
  const limit = Number(text);
  return Number.isFinite(limit) && limit > 0 && limit < 2 ** 60 ? limit : undefined;
};

const findNumber = async (path: string): Promise<number | undefined> => {
  const text = await findTextFile(path);
  return text === undefined ? undefined : Number(text);
};

/** The page cache that the kernel takes back first does not count, as in kubelet's working set. */
const findReclaimable = async (path: string): Promise<number> => {
  const stat = (await findTextFile(join(path, 'memory.stat'))) ?? '';
  return Number((/^total_inactive_file (\d+)$/m.exec(stat) ?? /^inactive_file (\d+)$/m.exec(stat))?.[1] ?? 0);
};

const memoryIn = async (path: string): Promise<NodeUse['memory']> => {
  const used =
    (await findNumber(join(path, 'memory.usage_in_bytes'))) ?? (await findNumber(join(path, 'memory.current')));
  if (used === undefined) return undefined;
  const limit = parseLimit(
    (await findTextFile(join(path, 'memory.limit_in_bytes'))) ?? (await findTextFile(join(path, 'memory.max'))),
  );
  return { usedBytes: Math.max(0, used - (await findReclaimable(path))), ...(limit && { limitBytes: limit }) };
};

const pidsIn = async (path: string): Promise<NodeUse['pids']> => {
  const used = await findNumber(join(path, 'pids.current'));
  if (used === undefined) return undefined;
  const limit = parseLimit(await readFile(join(path, 'pids.max'), 'utf8'));
  return { used, ...(limit && { limit }) };
};

/** Reads use and limits of a node's cgroups; any user may. */
export const readNodeUse = async (paths: readonly string[]): Promise<NodeUse> => {
  const uses = await Promise.all(
    paths.map(async (path) => ({ memory: await memoryIn(path), pids: await pidsIn(path) })),
  );
  const memory = uses.find((use) => use.memory)?.memory;
  const pids = uses.find((use) => use.pids)?.pids;
  return { ...(memory && { memory }), ...(pids && { pids }) };
};

const gibibytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

/** Use and limits as a line of text. */
export const describeNodeUse = ({ memory, pids }: NodeUse): string =>
  [
    memory &&
      `memory ${gibibytes(memory.usedBytes)}${memory.limitBytes ? ` of ${gibibytes(memory.limitBytes)}` : ', no limit'}`,
    pids && `processes and threads ${pids.used}${pids.limit ? ` of ${pids.limit}` : ', no limit'}`,
  ]
    .filter(Boolean)
    .join('; ');
