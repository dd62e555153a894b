import { readdir, readlink, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { TarEntry } from '../../lib/archive/tar.ts';

/** Modes that are not the usual ones. Nothing has a set-id bit: whoever runs a task is root in it, or needs none. */
const modes: Readonly<Record<string, number>> = {
  'tmp/': 0o1777,
  'var/tmp/': 0o1777,
  'root/': 0o700,
  'etc/shadow': 0o640,
};

/**
 * The entries of a layer with all of a tree: sorted, links as they are, with the usual modes, whoever owns the files here and
 * whatever umask wrote them. So the same packages give the same layer.
 */
export const treeEntries = async (root: string): Promise<readonly TarEntry[]> => {
  const found = await readdir(root, { recursive: true, withFileTypes: true });
  const named = found.map((entry) => ({ entry, path: relative(root, join(entry.parentPath, entry.name)) }));
  const entryOf = async ({ entry, path }: (typeof named)[number]): Promise<TarEntry> => {
    const full = join(root, path);
    if (entry.isSymbolicLink()) return { type: 'symlink', name: path, mode: 0o777, target: await readlink(full) };
    if (entry.isDirectory()) return { type: 'directory', name: `${path}/`, mode: modes[`${path}/`] ?? 0o755 };
    if (!entry.isFile()) throw new Error(`${full} is neither a file, a folder nor a link`);
    const { size, mode } = await stat(full);
    const usual = mode & 0o100 ? 0o755 : 0o644;
    return { type: 'file', name: path, mode: modes[path] ?? usual, content: { path: full, size } };
  };
  const entries: TarEntry[] = [];
  // one after the other: they are tens of thousands
  for (const one of named.toSorted((a, b) => (a.path < b.path ? -1 : 1))) entries.push(await entryOf(one));
  return entries;
};
