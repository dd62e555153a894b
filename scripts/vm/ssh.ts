import type { Command } from '../../src/lib/process/runner.ts';

/** How to log in to a machine as its user `dev`. */
export type Access = { readonly port: number; readonly keyPath: string };

/** The user with password-less sudo. */
export const user = 'dev';

const isPlain = /^[\w@%+=:,./-]+$/;

/** A word as the shell of the other side takes it, for ssh sends one line. */
export const quote = (word: string): string => (isPlain.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);

/** Runs a command in the machine; without one, a shell. Our own end of a port of 127.0.0.1 needs no known host. */
export const sshCommand = (
  { port, keyPath }: Access,
  command: readonly string[],
  options: readonly string[] = [],
): Command => [
  'ssh',
  ...['-F', 'none', '-i', keyPath, '-p', String(port), ...options],
  ...[
    'IdentitiesOnly=yes',
    'IdentityAgent=none',
    'StrictHostKeyChecking=no',
    'UserKnownHostsFile=/dev/null',
    'LogLevel=ERROR',
    'ConnectTimeout=60',
    'ServerAliveInterval=60',
  ].flatMap((option) => ['-o', option]),
  `${user}@127.0.0.1`,
  ...(command.length > 0 ? [command.map(quote).join(' ')] : []),
];

/** Where the checkout is in the machine. */
export const checkoutDir = `/home/${user}/taskgate`;

/** Runs a command in the checkout's folder. */
export const inCheckout = (command: readonly string[]): Command => [
  ...(['sh', '-c', `cd ${checkoutDir} && exec "$@"`, 'sh'] as const),
  ...command,
];
