import { chown } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describe, expect } from 'vitest';
import { fakePrograms, inNamespaces, noNamespaces, test, type User } from '../support/process/user.ts';

/** A folder of a stranger's, as npm puts them in front of PATH for a checkout below /tmp, with programs that say who ran. */
const plantPrograms = async (user: User): Promise<string> => {
  const names = [
    'ip',
    'mount',
    'unshare',
    'nsenter',
    'docker',
    'minikube',
    'ssh',
    'go',
    'apt-get',
    'python3',
    'setpriv',
  ];
  for (const name of names) {
    const path = await user.write(
      `planted/.bin/${name}`,
      `#!/bin/sh\necho ${name} >> ${user.dir}/ran\nexit 1\n`,
      0o755,
    );
    await chown(path, 1234, 1234);
  }
  const folder = `${user.dir}/planted/.bin`;
  for (const path of [folder, dirname(folder)]) await chown(path, 1234, 1234);
  return folder;
};

describe.skipIf(noNamespaces)(`${noNamespaces}root runs no program of another user`, { concurrent: true }, () => {
  test('up --provider native, with such a folder first in PATH', async ({ user }) => {
    await fakePrograms(user, { go: 'exit 1', 'apt-get': 'exit 1', python3: 'exit 1' });
    const folder = await plantPrograms(user);
    const PATH = `${folder}:${user.bin}:${process.env['PATH']}`;
    // not for the programs of the test itself
    const prefix = [...inNamespaces(''), 'env', `PATH=${PATH}`];
    const ended = await user.run(['up', '--provider', 'native'], { prefix });
    await expect(user.read('ran')).rejects.toMatchObject({ code: 'ENOENT' });
    expect(ended.stderr).toContain(
      `note: root does without ${folder} of PATH: ${dirname(folder)} belongs to user 1234\n`,
    );
    expect(ended.exitCode).toBe(4);
    expect(await user.read('begun')).toContain('go ');
  });

  test('with --json nothing but the error is on stderr', async ({ user }) => {
    const PATH = `${await plantPrograms(user)}:${process.env['PATH']}`;
    const ended = await user.run(['config', 'show', '--json'], { env: { PATH } });
    expect(ended).toMatchObject({ exitCode: 0, stderr: '' });
  });
});
