import { chown, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { instancesDir } from '../keeper/instance.ts';
import { hasCode, UserError } from '../lib/errors.ts';
import { type Command, execaRunner, runInTerminal } from '../lib/runner.ts';
import type { CommandContext } from '../steps/context.ts';
import { type Invocation, ownProgram } from './command.ts';

type Environment = Invocation['env'];

/** What the user's own environment decides; sudo would drop it. */
const isKept = (name: string): boolean =>
  ['PATH', 'HOME', 'TERM', 'CI'].includes(name) || /^(XDG|TASKGATE|GO)/.test(name);

/** The same command line again, as root, with the user's folders and settings. */
export const sudoCommand = (env: Environment, command: readonly string[]): Command => {
  const kept = Object.entries(env).flatMap(([name, value]) => (isKept(name) && value ? [`${name}=${value}`] : []));
  return ['sudo', '-n', 'env', ...kept, ...command];
};

/** Throws UserError `environment.not-root` unless sudo works without asking. */
const verifySudo = async (uid: number): Promise<void> => {
  try {
    await execaRunner(['sudo', '-n', 'true'], { timeoutMs: 10_000 });
  } catch (cause) {
    throw new UserError(
      `a native cluster needs root for its namespaces, cgroups and network link; this is uid ${uid}, and sudo without a password does not work`,
      { id: 'environment.not-root', hint: 'run it as root, or allow this user sudo without a password', cause },
    );
  }
};

/**
 * Does work that needs root. Without it, prepares what can be prepared as the user, so that the user's cache stays
 * the user's, then starts this command line again by sudo. Gives the exit code of that, or of the work here.
 * Throws UserError `environment.not-root` before anything is changed where neither is possible.
 */
export const asRoot = async (
  { env, args, signal }: Invocation,
  { prepare, work }: { readonly prepare: () => Promise<unknown>; readonly work: () => Promise<void> },
): Promise<number> => {
  const uid = process.getuid?.();
  // on a system without uids the provider's own checks say what is wrong
  if (uid === 0 || uid === undefined) {
    await work();
    return 0;
  }
  await verifySudo(uid);
  await prepare();
  return runInTerminal(sudoCommand(env, [...ownProgram, ...args]), signal);
};

/** What the node keeps for itself; root's, as everything that its processes write. */
const nodeOnly = new Set(['node', 'logs', 'keeper.log', 'keeper.json']);

/**
 * After work that sudo did: the instance's files become the user's who called it, so that status, smoke and env work
 * without root. Does nothing without sudo.
 */
export const handOver = async (
  { SUDO_UID, SUDO_GID }: Environment,
  { config, places }: CommandContext,
): Promise<void> => {
  if (!SUDO_UID || !SUDO_GID) return;
  const { stateDir } = places;
  const instanceDir = join(instancesDir(stateDir), config.name);
  const names = await readdir(instanceDir).catch((error) => {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  });
  const mine = names.filter((name) => !nodeOnly.has(name)).map((name) => join(instanceDir, name));
  const folders = [
    stateDir,
    join(stateDir, 'instances'),
    join(stateDir, 'locks'),
    ...(names.length > 0 ? [instanceDir] : []),
  ];
  for (const path of [...folders, ...mine]) await chown(path, Number(SUDO_UID), Number(SUDO_GID));
};
