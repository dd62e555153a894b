import { globSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** A native node that runs on: who started it, a suite, was killed before it took it down. */
export type LeftNode = { readonly stateHome: string; readonly name: string };

/** The folders in which suites keep instances: see `runDir` in test/support/temporary-dir.ts. */
const stateHomes = ['tg-run-*-e2e-*', 'docs-state'];

const isNative = (record: string): boolean => {
  try {
    return (JSON.parse(readFileSync(record, 'utf8')) as { readonly provider?: string }).provider === 'native';
  } catch {
    return false; // it goes away just now
  }
};

/** Some file systems keep no time of birth. */
const bornAt = (folder: string): number => {
  const { birthtimeMs, ctimeMs } = statSync(folder);
  return birthtimeMs || ctimeMs;
};

/**
 * The native nodes of suites that have begun since then. The other lane's instances are Minikube's and attached ones.
 * `dir` is where the suites' state folders are.
 */
export const findLeftNodes = (dir: string, sinceMs: number): readonly LeftNode[] =>
  stateHomes
    .flatMap((pattern) => globSync(join(dir, pattern, 'taskgate/instances/*/instance.json')))
    .filter((record) => isNative(record) && bornAt(dirname(record)) >= sinceMs)
    .map((record) => ({
      stateHome: dirname(dirname(dirname(dirname(record)))),
      name: basename(dirname(record)),
    }))
    .toSorted((one, other) => one.name.localeCompare(other.name));

export const downCommand = ({ stateHome, name }: LeftNode): readonly [string, ...string[]] => [
  'env',
  `XDG_STATE_HOME=${stateHome}`,
  process.execPath,
  '--',
  join(import.meta.dirname, '..', 'taskgate.js'),
  'down',
  '--name',
  name,
];
