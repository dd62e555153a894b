import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Runner } from './runner.ts';

/** Where the system's own programs are, whatever the user's PATH is; the last one on NixOS, which has hardly any elsewhere. */
export const systemPath: readonly string[] = [
  ...['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'],
  '/run/current-system/sw/bin',
];

/**
 * Finds programs in the system's folders alone: a PATH that npm made begins with `node_modules/.bin` of every folder above,
 * and what root calls `ip` must be the system's.
 */
export const bySystemPath =
  (runner: Runner): Runner =>
  (command, options) =>
    runner(command, { ...options, env: { PATH: systemPath.join(':'), ...options?.env } });

/** The path of one of the system's programs; its name alone where it is in none of the system's folders. */
export const systemProgram = (name: string): string =>
  systemPath.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? name;
