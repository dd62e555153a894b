import { keysOfPins } from '../../artifacts/keys.ts';
import { type CacheEntry, listCache, pruneCache } from '../../artifacts/store/usage.ts';
import { UserError } from '../../lib/errors.ts';
import { describeBytes } from '../../lib/text/bytes.ts';
import { artifactsInput } from '../../providers/artifacts-input.ts';
import type { CommandContext } from '../../providers/context.ts';
import { type CommandInput, print, printJson, readConfig } from '../command.ts';
import { stackKeys } from '../master/programs.ts';
import { findUsers } from './users.ts';

/** An entry, and why it stays: this version needs it, or somebody uses it. */
type Listed = CacheEntry & { readonly isNeeded: boolean; readonly usedBy?: string };

const sizeOf = (entries: readonly CacheEntry[]): string =>
  describeBytes(entries.reduce((sum, one) => sum + one.bytes, 0));

/** Tells of an item why it stays; undefined where `prune` removes it. */
const makeJudge = async ({ folders, ...context }: CommandContext) => {
  const input = artifactsInput({ folders, ...context }, context.signal, () => undefined);
  const [ofPins, userOf] = await Promise.all([keysOfPins(input), findUsers(folders.stateDir, folders.cacheDir)]);
  const needed = new Set([...ofPins, ...(await stackKeys(input))]);
  return (key: string) => ({ isNeeded: needed.has(key), usedBy: needed.has(key) ? undefined : userOf(key) });
};

const judgeEntry = (entry: CacheEntry, judge: Awaited<ReturnType<typeof makeJudge>>): Listed => {
  if (entry.key === undefined) return { ...entry, isNeeded: entry.kind === 'other' };
  const { isNeeded, usedBy } = judge(entry.key);
  return { ...entry, isNeeded, ...(usedBy !== undefined && { usedBy }) };
};

const groups: readonly (readonly [label: string, what: string, has: (entry: Listed) => boolean])[] = [
  ['items', 'programs and images of this version', ({ kind, isNeeded }) => kind === 'item' && isNeeded],
  ['in use', 'of other versions, and an instance runs from them', ({ usedBy }) => usedBy !== undefined],
  [
    'old',
    'of other versions; `taskgate cache prune` removes them',
    ({ kind, isNeeded, usedBy }) => kind === 'item' && !isNeeded && usedBy === undefined,
  ],
  [
    'builds',
    'left by a build, which goes on with it; `taskgate cache prune` removes it',
    ({ kind }) => kind === 'build',
  ],
  ['downloads', 'parts of files; `taskgate cache prune` removes them', ({ kind }) => kind === 'download'],
  ['other', 'everything else', ({ kind }) => kind === 'other'],
];

const describe = (dir: string, entries: readonly Listed[]): string => {
  const lines = groups.flatMap(([label, what, has]) => {
    const those = entries.filter(has);
    return those.length > 0 ? [`  ${label.padEnd(10)} ${sizeOf(those).padStart(8)}  ${what}`] : [];
  });
  return [`${dir}: ${sizeOf(entries)}`, ...lines].join('\n');
};

/** What is in the cache, and how much of the disk it takes. */
export const cacheList = async (input: CommandInput): Promise<void> => {
  const { context } = await readConfig(input, { isKept: false });
  const { cacheDir } = context.folders;
  const [entries, judge] = await Promise.all([listCache(cacheDir), makeJudge(context)]);
  const listed = entries.map((entry) => judgeEntry(entry, judge));
  if (input.flags.json)
    printJson({ dir: cacheDir, bytes: listed.reduce((sum, { bytes }) => sum + bytes, 0), entries: listed });
  else print(describe(cacheDir, listed));
};

const busy = (pid: number): never => {
  throw new UserError(`process ${pid} fills the cache`, {
    id: 'environment.cache-in-use',
    hint: 'wait until it has ended, then run this again',
  });
};

/**
 * Removes what builds have left, and items of other versions that no instance uses. Throws UserError
 * `environment.cache-in-use` while another process fills the cache.
 */
export const cachePrune = async (input: CommandInput): Promise<void> => {
  const { context } = await readConfig(input, { isKept: false });
  const { cacheDir } = context.folders;
  const judge = await makeJudge(context);
  const isKept = (key: string): boolean => {
    const { isNeeded, usedBy } = judge(key);
    return isNeeded || usedBy !== undefined;
  };
  const removed = await pruneCache(cacheDir, { signal: context.signal, onBusy: busy, isKept });
  if (input.flags.json) return printJson({ dir: cacheDir, removed });
  const lines = removed.map(({ path, bytes }) => `  ${describeBytes(bytes).padStart(8)}  ${path}`);
  print([`${cacheDir}: ${sizeOf(removed)} removed`, ...lines].join('\n'));
};
