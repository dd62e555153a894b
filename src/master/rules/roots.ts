import { findItem, findString, parseLocated } from '../schema/document.ts';
import type { Position } from '../schema/problem.ts';
import { isDevcluster, masterConfigsOf } from './devcluster.ts';

/** `root` of a master when its file names none (`master/internal/config/config.go`). */
const defaultRoot = '/usr/share/determined/master';

/** A folder that a master of the file reads, as the file names it. */
export type NamedRoot = {
  readonly at: Position;
  readonly path: string;
  readonly isDefault: boolean;
  /** The working directory that devcluster gives to its stages, where the file names one. */
  readonly cwd?: string;
};

/** devcluster's dollar signs; undefined for a variable, which only its environment knows. */
const withoutEscapes = (text: string): string | undefined =>
  text.replaceAll('$$', '').includes('$') ? undefined : text.replaceAll('$$', '$');

/** The roots of the masters of a `master.yaml` or a devcluster file; none in a text that is no YAML. */
export const findRoots = (text: string): readonly NamedRoot[] => {
  const { root: document } = parseLocated(text);
  if (!document) return [];
  const isStaged = isDevcluster(document);
  const cwd = isStaged ? withoutEscapes(findString(document, 'cwd') ?? '') : undefined;
  return (isStaged ? masterConfigsOf(document) : [document]).flatMap((master) => {
    const named = findString(master, 'root');
    const path = named !== undefined && isStaged ? withoutEscapes(named) : named;
    if (named !== undefined && !path) return [];
    const at = findItem(master, 'root') ?? master;
    return [{ at, path: path ?? defaultRoot, isDefault: path === undefined, ...(cwd && { cwd }) }];
  });
};
