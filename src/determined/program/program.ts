import { dirname, join } from 'node:path';
import { UserError } from '../../lib/errors.ts';
import { findStat, isThere } from '../../lib/files.ts';

/** A determined-master on this host. */
export type MasterProgram = {
  readonly path: string;
  /** `root` of its configuration: the folder with `static/` and `wheels/`. */
  readonly root: string;
};

export const programName = 'determined-master';

/** Where a master has its root, from its own folder: a release archive, a package, a checkout after `make`. */
const rootsFrom = (programDir: string): readonly string[] => [
  join(programDir, 'share/determined/master'),
  join(programDir, '../share/determined/master'),
  join(programDir, '../../tools/build'),
];

const isRoot = (folder: string): Promise<boolean> => isThere(join(folder, 'static'));

/** The root that belongs to a program; undefined where none of the usual places has one. */
export const findRoot = async (program: string): Promise<string | undefined> => {
  for (const folder of rootsFrom(dirname(program))) if (await isRoot(folder)) return folder;
  return undefined;
};

const isProgram = async (path: string): Promise<boolean> => {
  const found = await findStat(path);
  return found?.isFile() === true && (found.mode & 0o111) !== 0;
};

/** The master that is installed in one of the folders of PATH. */
export const findInstalled = async (path: readonly string[]): Promise<string | undefined> => {
  for (const folder of path) if (await isProgram(join(folder, programName))) return join(folder, programName);
  return undefined;
};

/** Throws UserError `usage.master-program` for a path that names no program. */
export const verifyProgram = async (path: string): Promise<string> => {
  if (await isProgram(path)) return path;
  const found = await findStat(path);
  const why = found === undefined ? 'is not there' : found.isFile() ? 'may not be executed' : 'is no file';
  throw new UserError(`--master-program: ${path} ${why}`, {
    id: 'usage.master-program',
    hint: `name the program ${programName} itself`,
  });
};

/** Throws UserError `usage.master-root` for a folder that no master can start from. */
export const verifyRoot = async (root: string): Promise<string> => {
  if (await isRoot(root)) return root;
  throw new UserError(`--master-root: ${root} has no static/`, {
    id: 'usage.master-root',
    hint: 'name the folder with static/ and wheels/: tools/build of a checkout after `make -C tools prep-root`, or share/determined/master of a release',
  });
};

/** Throws UserError `environment.no-master-root`: the program is known, and nothing that it serves. */
export const noRoot = (program: string): UserError =>
  new UserError(`no root folder belongs to ${program}: none with static/ is where a release or a checkout has it`, {
    id: 'environment.no-master-root',
    hint: 'name the folder with static/ and wheels/: --master-root DIR',
  });
