import { lstat, mkdir, readdir, readFile, readlink, rename, rm, stat, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { hasCode } from '../lib/errors.ts';
import { ignoreAbsence, writeByRename } from '../lib/files.ts';

/** Where a master looks for the wheels that it gives to tasks: `ROOT/wheels/*VERSION*.whl` (docs/determined.md). */
export const wheelsOf = (root: string): string => join(root, 'wheels');

const staticOf = (root: string): string => join(root, 'static');

/** What a master finds below its root. */
export type RootLook = {
  /** Undefined: there is no such folder on this machine. */
  readonly found?: {
    /** Scripts, migrations: without them a master does not start. */
    readonly hasStatic: boolean;
    /** Names of the wheels of the package `determined`. */
    readonly wheels: readonly string[];
  };
};

/** A root may be anybody's: what this user cannot see is as if it were not there. */
const unseen = ['ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP'];

const unlessUnseen = (error: unknown): undefined => {
  if (!unseen.some((code) => hasCode(error, code))) throw error;
};

const isFolder = async (path: string): Promise<boolean> =>
  (await stat(path).catch(unlessUnseen))?.isDirectory() === true;

/** A link that is followed where the master starts counts, too: it need not lead anywhere from here. */
const hasStatic = async (root: string): Promise<boolean> =>
  (await isFolder(staticOf(root))) || (await readlink(staticOf(root)).catch(() => undefined)) === staticOfCwd;

/** Whether a master that is started anywhere finds its `static/`. */
export const hasStaticHere = async (root: string): Promise<boolean> =>
  (await isFolder(staticOf(root))) && (await readlink(staticOf(root)).catch(() => undefined)) !== staticOfCwd;

const wheelsIn = async (root: string): Promise<readonly string[]> =>
  ((await readdir(wheelsOf(root)).catch(unlessUnseen)) ?? [])
    .filter((name) => /^determined-.*\.whl$/.test(name))
    .sort();

/** Looks at the root of a master on this machine; changes nothing. */
export const lookAtRoot = async (root: string): Promise<RootLook> =>
  (await isFolder(root)) ? { found: { hasStatic: await hasStatic(root), wheels: await wheelsIn(root) } } : {};

/** Whether a master of this version gives one of the wheels to its tasks; of any version, where none is named. */
export const hasWheelOf = ({ found }: RootLook, version = ''): boolean =>
  found?.wheels.some((name) => name.includes(version)) === true;

/** `static/` of the checkout in which the reader of a link was started: proc(5). */
const staticOfCwd = '/proc/self/cwd/master/static';

/** The folder that a link leads to where nothing else is known; none without /proc. */
export const findStaticOfCwd = (): string | undefined => (process.platform === 'linux' ? staticOfCwd : undefined);

/** A folder of our own, never a link of somebody else's in its place. */
const ensureOwnFolder = async (path: string): Promise<void> => {
  const found = await lstat(path).catch(ignoreAbsence);
  if (found && !found.isDirectory()) await rm(path);
  await mkdir(path, { recursive: true, mode: 0o700 });
};

/** A copy, for its owner only; what is the same already stays as it is. */
const copyIfOther = async (from: string, to: string): Promise<void> => {
  const [wanted, found] = await Promise.all([readFile(from), readFile(to).catch(unlessUnseen)]);
  if (found === undefined || !wanted.equals(found)) await writeByRename(to, wanted, { mode: 0o600 });
};

const linkTo = async (target: string, path: string): Promise<void> => {
  if ((await readlink(path).catch(() => undefined)) === target) return;
  const draft = `${path}.${process.pid}.tmp`;
  await rm(draft, { force: true });
  await symlink(target, draft);
  await rename(draft, path);
};

type RootContent = {
  /** A wheel, which is copied: the cache may be pruned. Its name tells its version. */
  readonly wheel?: string;
  /** What `static` leads to; without it, what is there stays. */
  readonly staticDir?: string;
};

/** Makes the folder of a master's root so; wheels of other versions stay, for a master that runs. Safe to repeat. */
export const fillMasterRoot = async (root: string, { wheel, staticDir }: RootContent): Promise<void> => {
  await ensureOwnFolder(root);
  await ensureOwnFolder(wheelsOf(root));
  if (wheel !== undefined) await copyIfOther(wheel, join(wheelsOf(root), basename(wheel)));
  if (staticDir !== undefined) await linkTo(staticDir, staticOf(root));
};
