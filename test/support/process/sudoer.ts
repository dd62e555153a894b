import { rm, writeFile } from 'node:fs/promises';
import { execa } from 'execa';
import { runDir } from '../temporary-dir.ts';
import { openRepository, openRoot, unprivileged } from './user.ts';

const found = await Promise.all(
  [
    ['sudo', '-V'],
    ['script', '--version'],
    ['useradd', '--help'],
    [...openRepository.prefix, ...unprivileged, 'test', '-r', `${openRoot}/package.json`],
  ].map(([program = '', ...args]) => execa(program, args, { reject: false })),
);
/** Why tests with a real sudo cannot run here; empty where they can. */
export const noSudo =
  process.getuid?.() === 0 && found.every(({ failed }) => !failed)
    ? ''
    : 'skipped, needs root, sudo, script and useradd: ';

/** A user of this machine who may use sudo without a password, with sudo's use_pty or without it. */
export const makeSudoer = async (usePty: boolean) => {
  const name = `tgs${process.pid}${usePty ? 'p' : 'n'}`;
  const rules = `/etc/sudoers.d/${name}`;
  const dir = await runDir('sudoer');
  await execa('useradd', ['--no-create-home', '--home-dir', dir, '--shell', '/bin/sh', name]);
  // the folder's name tells what is left of which run
  await writeFile(rules, `# ${dir}\nDefaults:${name} ${usePty ? '' : '!'}use_pty\n${name} ALL=(ALL) NOPASSWD: ALL\n`, {
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
