import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Owner, realPathOf } from '../lib/files.ts';
import { giveEntry, inFolder, namesIn } from '../lib/trust/own-folder.ts';
import { wheelsOf } from './master-root.ts';
import { instanceDirOf, instancePaths, statePaths } from './paths.ts';
import { findStateOwner } from './state-folder.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The part of a command's context that names an instance. */
export type InstancePlace = {
  readonly config: { readonly name: string };
  readonly folders: { readonly stateDir: string };
};

type Folder = {
  readonly path: string;
  /** Names of entries that become the user's. */
  readonly isGiven: (name: string) => boolean;
  readonly below?: readonly Folder[];
};

/** `held` is the open folder; each below is reached from it: the user could put a link in its place at any time. */
const give = async (owner: Owner, { isGiven, below = [] }: Folder, held: string): Promise<void> => {
  const names = (await namesIn(held)).filter(isGiven);
  await Promise.all(names.map((name) => giveEntry(owner, join(held, name))));
  for (const one of below) {
    await inFolder(join(held, basename(one.path)), (folder) => give(owner, one, folder), one.path);
  }
};

const foldersOf = (stateDir: string, name: string): Folder => {
  const { instancesDir, locksDir, blockedDir } = statePaths(stateDir);
  const instanceDir = instanceDirOf(stateDir, name);
  const { logsDir, masterRootDir, nodeDir, supervisorSpecPath, determinedDir } = instancePaths(instanceDir);
  const roots = [nodeDir, supervisorSpecPath].map((path) => basename(path));
  const logs: Folder = { path: logsDir, isGiven: (log) => /\.log(\.1)?$/.test(log) };
  const wheels: Folder = { path: wheelsOf(masterRootDir), isGiven: (file) => file.endsWith('.whl') };
  const masterRoot: Folder = { path: masterRootDir, isGiven: (one) => one === basename(wheels.path), below: [wheels] };
  // the data of a database belongs to whom it runs as
  const isOfMaster = (one: string): boolean => !/^database(\.begun)?$/.test(one);
  const determined: Folder = { path: determinedDir, isGiven: isOfMaster };
  const below = [logs, masterRoot, determined];
  const instance: Folder = { path: instanceDir, isGiven: (file) => !roots.includes(file), below };
  const instances: Folder = { path: instancesDir, isGiven: (one) => one === name, below: [instance] };
  const blocked: Folder = { path: blockedDir, isGiven: (one) => one === name };
  const shared = [instancesDir, locksDir, blockedDir].map((path) => basename(path));
  return { path: stateDir, isGiven: (one) => shared.includes(one), below: [instances, blocked] };
};

/**
 * After work under sudo: gives the instance's files to the calling user, so that status, smoke, logs and env work without
 * root. What a node's processes write stays root's. Does nothing without sudo, and where the state folder is root's own.
 * Throws for a link in the place of one of the folders, which could make another's files the user's, and what the system says.
 */
export const handOver = async (env: Environment, { config, folders: { stateDir } }: InstancePlace): Promise<void> => {
  const owner = await findStateOwner(env, stateDir);
  if (!owner) return;
  const above = await realPathOf(dirname(stateDir));
  await inFolder(above, async (held) => {
    const state = join(held, basename(stateDir));
    // what was judged by its path may be another folder by now
    if ((await stat(held)).uid === owner.uid) await giveEntry(owner, state);
    await inFolder(
      state,
      async (folder) => {
        if ((await stat(folder)).uid === owner.uid) await give(owner, foldersOf(stateDir, config.name), folder);
      },
      stateDir,
    );
  });
};
