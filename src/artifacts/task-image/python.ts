import { readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode, UserError } from '../../lib/errors.ts';
import { sha256OfFile } from '../../lib/files.ts';
import type { Command } from '../../lib/process/runner.ts';
import type { Arch, LockPin } from '../../model/pins.ts';
import type { Work } from '../item.ts';
import { libraryFolders, loaderPath } from '../runtime.ts';
import { runTool, type Tool } from '../sources/tool.ts';
import { pip } from '../sources/wheel.ts';
import { toolTimeoutMs } from './packages.ts';

/** Python of an unpacked tree. */
export type TreePython = { readonly root: string; readonly arch: Arch /** `python3.11` */; readonly name: string };

/** The oldest that the lists of packages are made for, and `--argv0` of the dynamic linker has to be known. */
const oldestMinor = 10;

/** Python in a tree. Throws UserError `artifact.unavailable` for a distribution whose Python is too old. */
export const getPython = async (root: string, arch: Arch): Promise<TreePython> => {
  const name = await readlink(join(root, 'usr/bin/python3')).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return 'no python3';
    throw error;
  });
  const minor = Number(/^python3\.(\d+)$/.exec(name)?.[1] ?? 0);
  if (minor >= oldestMinor) return { root, arch, name };
  throw new UserError(`the packages of this distribution have ${name}, and python3.${oldestMinor} or later is needed`, {
    id: 'artifact.unavailable',
    hint: 'build the image on Debian 12, Ubuntu 24.04 or later, or give --bundle',
  });
};

/**
 * Runs the tree's Python with the tree's own libraries, without a root user, a namespace or a Python of this machine. It takes
 * itself for /usr/bin/python3, so that the scripts which pip writes begin with that.
 */
export const pythonCommand = ({ root, arch, name }: TreePython, ...args: readonly string[]): Command => [
  loaderPath(root, arch),
  ...['--argv0', '/usr/bin/python3', '--library-path', libraryFolders(root, arch).join(':')],
  join(root, 'usr/bin', name),
  ...args,
];

/** What would have it look beyond the tree; variables of pip's own stay, for they say where packages come from. */
const environment = (root: string): Readonly<Record<string, string>> => ({
  PYTHONHOME: join(root, 'usr'),
  PYTHONPATH: '',
  PYTHONNOUSERSITE: '1',
  PYTHONDONTWRITEBYTECODE: '1',
  // the order of sets is in compiled files
  PYTHONHASHSEED: '0',
});

export const installCommand = (python: TreePython, locks: readonly string[]): Command =>
  pythonCommand(
    python,
    ...['-m', 'pip', 'install', '--disable-pip-version-check', '--progress-bar=off', '--root-user-action=ignore'],
    ...['--require-hashes', '--only-binary=:all:', '--no-deps', '--ignore-installed', '--no-compile'],
    ...['--no-user', '--no-warn-script-location', '--root=/', `--prefix=${join(python.root, 'usr')}`],
    ...locks.flatMap((lock) => ['--requirement', lock]),
  );

/** Compiled files name no time and no folder of this machine: a task need not compile, and the same sources give the same files. */
export const compileCommand = (python: TreePython): Command =>
  pythonCommand(
    python,
    ...['-m', 'compileall', '-qq', '--invalidation-mode=unchecked-hash', '-s', python.root, '-p', '/'],
    ...[`usr/lib/${python.name}`, 'usr/lib/python3/dist-packages', `usr/local/lib/${python.name}/dist-packages`].map(
      (path) => join(python.root, path),
    ),
  );

const python: Tool = {
  name: 'python3 of the image',
  missing: { id: 'artifact.unavailable', hint: 'build it again, or give --bundle' },
  known: [],
  otherwise: { id: 'artifact.unavailable', hint: 'build it again, or give --bundle' },
};

/** The list as it was reviewed. Throws UserError `artifact.checksum` for another one. */
const verifyLock = async (path: string, { sha256 }: LockPin): Promise<string> => {
  if ((await sha256OfFile(path)) === sha256) return path;
  throw new UserError(`${path} is not the pinned list of packages`, {
    id: 'artifact.checksum',
    hint: 'get it again with taskgate itself: its digest is in src/config/versions.ts',
  });
};

/** Installs the packages of lists into a tree, each file of which pip compares with the digest in the list. */
export const installPackages = async (work: Work, tree: TreePython, locks: readonly LockPin[]): Promise<void> => {
  const dir = join(work.templatesDir, 'python');
  const paths = await Promise.all(locks.map((lock) => verifyLock(join(dir, lock.file), lock)));
  // the image is nobody's but the task's, which installs packages with pip
  await rm(join(tree.root, 'usr/lib', tree.name, 'EXTERNALLY-MANAGED'), { force: true });
  let done = 0;
  const onLine = (line: string) => {
    const name = /^Collecting ([^=\s]+)/.exec(line)?.[1];
    if (name !== undefined) done += 1;
    if (name !== undefined) work.report('downloading', `${done} Python packages`, name);
    if (line.startsWith('Installing collected packages')) work.report('building', `installing ${done} Python packages`);
  };
  const env = environment(tree.root);
  work.report('downloading', 'Python packages, waiting for pip');
  const options = { env, timeoutMs: toolTimeoutMs };
  await runTool(work, installCommand(tree, paths), { ...options, tool: pip('a Python package'), onLine });
  work.report('building', 'compiling Python packages');
  await runTool(work, compileCommand(tree), { ...options, tool: python });
};
