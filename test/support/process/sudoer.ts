import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

const asOther = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] as const;

const found = await Promise.all(
  [
    ['sudo', '-V'],
    ['script', '--version'],
    ['useradd', '--help'],
    [...asOther, 'test', '-r', import.meta.filename],
  ].map(([program = '', ...args]) => execa(program, args, { reject: false })),
);
/** Why tests with a real sudo cannot run here; empty where they can. */
export const noSudo =
  process.getuid?.() === 0 && found.every(({ failed }) => !failed)
    ? ''
    : 'skipped, needs root, sudo, script, useradd, and a checkout that others may read: ';

/** A user of this machine who may use sudo without a password, with sudo's use_pty or without it. */
export const makeSudoer = async (usePty: boolean) => {
  const name = `tgs${process.pid}${usePty ? 'p' : 'n'}`;
  const rules = `/etc/sudoers.d/${name}`;
  const dir = await mkdtemp(join(tmpdir(), 'tg-sudoer-'));
  await execa('useradd', ['--no-create-home', '--home-dir', dir, '--shell', '/bin/sh', name]);
  await writeFile(rules, `Defaults:${name} ${usePty ? '' : '!'}use_pty\n${name} ALL=(ALL) NOPASSWD: ALL\n`, {
    mode: 0o440,
  });
  await execa('chown', [name, dir]);
  return {
    name,
    dir,
    remove: async (): Promise<void> => {
      await rm(rules, { force: true });
      await execa('userdel', [name], { reject: false });
      await rm(dir, { recursive: true, force: true });
    },
  };
};
