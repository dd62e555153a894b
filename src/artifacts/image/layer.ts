import { lstat, readdir, readlink, realpath, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { TarEntry } from '../../lib/archive/tar.ts';
import { CommandError, type Runner } from '../../lib/process/runner.ts';

/** A file for an image: its path in the image (no leading slash), and on this machine. */
type LayerFile = { readonly path: string; readonly from: string; readonly size: number };

const passwd = 'root:x:0:0:root:/:/sbin/nologin\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n';
const group = 'root:x:0:\nnobody:x:65534:\n';

const parentsOf = (path: string): readonly string[] => {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, index) => `${parts.slice(0, index + 1).join('/')}/`);
};

/** The entries of a layer: users, /tmp, and the files with their folders. */
export const layerEntries = (files: readonly LayerFile[]): readonly TarEntry[] => {
  const dirs = new Set(['etc/', ...files.flatMap(({ path }) => parentsOf(path))]);
  return [
    ...[...dirs].sort().map((name): TarEntry => ({ type: 'directory', name, mode: 0o755 })),
    { type: 'directory', name: 'tmp/', mode: 0o1777 },
    { type: 'file', name: 'etc/passwd', mode: 0o644, content: { text: passwd } },
    { type: 'file', name: 'etc/group', mode: 0o644, content: { text: group } },
    ...files.map(
      ({ path, from, size }): TarEntry => ({ type: 'file', name: path, mode: 0o755, content: { path: from, size } }),
    ),
  ];
};

/** Paths of the libraries, including the loader, in the output of `ldd`. */
export const parseLdd = (text: string): readonly string[] =>
  text.split('\n').flatMap((line) => /(?:=>\s+|^\s+)(\/\S+) \(0x/.exec(line)?.[1] ?? []);

const librariesOf = async (runner: Runner, program: string, signal: AbortSignal): Promise<readonly string[]> => {
  try {
    return parseLdd((await runner(['ldd', program], { env: { LC_ALL: 'C' }, signal })).stdout);
  } catch (error) {
    if (error instanceof CommandError && /not a dynamic executable/.test(error.stderr + error.stdout)) return [];
    throw error;
  }
};

/** A program and the libraries that it loads, at the paths where it looks for them. */
export const collectFiles = async (
  { path, from }: { path: string; from: string },
  runner: Runner,
  signal: AbortSignal,
): Promise<readonly LayerFile[]> => {
  const libraries = await librariesOf(runner, from, signal);
  const wanted = [{ path, from }, ...libraries.map((library) => ({ path: library.slice(1), from: library }))];
  return Promise.all(
    wanted.map(async (file) => {
      const real = await realpath(file.from);
      return { path: file.path, from: real, size: (await stat(real)).size };
    }),
  );
};

/** Documents, settings and character sets of packages, of which a program needs none. */
const isUseless = (path: string): boolean => /^(etc|usr\/share|var)\/|\/gconv\//.test(path);

/** The file that a path leads to, with links taken as they are once the packages are the root. */
const followIn = async (root: string, path: string): Promise<string> => {
  const at = join(root, path);
  if (!(await lstat(at)).isSymbolicLink()) return at;
  const target = await readlink(at);
  return followIn(root, target.startsWith('/') ? target.slice(1) : join(dirname(path), target));
};

/** The files of unpacked packages, at their paths; a link becomes the file that it leads to. */
export const filesBelow = async (root: string): Promise<readonly LayerFile[]> => {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    // what lies beside the packages' folders is the cache's own
    .filter((path) => path.includes('/') && !isUseless(path))
    .toSorted();
  return Promise.all(
    paths.map(async (path) => {
      const from = await followIn(root, path);
      return { path, from, size: (await stat(from)).size };
    }),
  );
};
