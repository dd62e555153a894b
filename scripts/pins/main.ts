import { writeFile } from 'node:fs/promises';
import { mergeDigests, renderDigests } from './digests-file.ts';
import type { Entry } from './entries.ts';
import { judge, renderCounts, renderVerdict, type Verdict } from './judge.ts';
import type { Publishers } from './publishers.ts';

export type PinsInput = {
  readonly args: readonly string[];
  readonly entries: readonly Entry[];
  readonly publishers: Publishers;
  /** Path of src/config/digests.ts. */
  readonly file: string;
  readonly say: (line: string) => void;
};

const usage = `npm run pins -- --check    compare every digest with what its publisher says now, and list what is open
npm run pins -- --update   the same, and write what is open and known now to src/config/digests.ts`;

/** A few at a time, in order: a publisher's hosts are few, and one that was unreachable is not asked again. */
const judgeAll = async ({ entries, publishers }: PinsInput): Promise<readonly Verdict[]> => {
  const verdicts: Verdict[] = [];
  for (const entry of entries) verdicts.push(...(await judge(entry, publishers)));
  return verdicts;
};

/** Resolves with the exit code: 1 if a publisher says something else than what is pinned, 2 for wrong arguments. */
export const runPins = async (input: PinsInput): Promise<number> => {
  const { args, file, say } = input;
  const [mode, ...rest] = args;
  if (rest.length > 0 || (mode !== '--check' && mode !== '--update')) {
    say(usage);
    return 2;
  }
  const verdicts = await judgeAll(input);
  for (const verdict of verdicts) say(renderVerdict(verdict));
  say(renderCounts(verdicts));
  if (mode === '--update') {
    const found = verdicts.filter(({ entry, state, said }) => entry.section && state === 'open' && said !== undefined);
    await writeFile(file, renderDigests(mergeDigests(verdicts)));
    say(`${file}: ${found.length} new`);
  }
  return verdicts.some(({ state }) => state === 'differs') ? 1 : 0;
};
