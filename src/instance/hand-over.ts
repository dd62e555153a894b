import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { giveTo, ignoreAbsence } from '../lib/files.ts';
import { instanceDirOf, instancePaths, statePaths } from './paths.ts';
import { findStateOwner } from './state-folder.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const entriesOf = async (folder: string): Promise<readonly string[]> =>
  ((await readdir(folder).catch(ignoreAbsence)) ?? []).map((name) => join(folder, name));

/** The part of a command's context that names an instance. */
export type InstancePlace = {
  readonly config: { readonly name: string };
  readonly folders: { readonly stateDir: string };
};

/**
 * After work under sudo: gives the instance's files to the calling user, so that status, smoke, logs and env work without
 * root. What a node's processes write stays root's. Does nothing without sudo, and where the state folder is root's own.
 */
export const handOver = async (env: Environment, { config, folders: { stateDir } }: InstancePlace): Promise<void> => {
  const owner = await findStateOwner(env, stateDir);
  if (!owner) return;
  const { instancesDir, locksDir } = statePaths(stateDir);
  const instanceDir = instanceDirOf(stateDir, config.name);
  const { logsDir, nodeDir, supervisorSpecPath } = instancePaths(instanceDir);
  const files = (await entriesOf(instanceDir)).filter((path) => ![nodeDir, logsDir, supervisorSpecPath].includes(path));
  const logs = (await entriesOf(logsDir)).filter((path) => /\.log(\.1)?$/.test(path));
  const folders = [stateDir, instancesDir, locksDir, instanceDir, logsDir];
  await Promise.all([...folders, ...files, ...logs].map((path) => giveTo(owner, path).catch(ignoreAbsence)));
};
