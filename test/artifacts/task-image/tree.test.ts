import { mkdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { mergeUsr, settle } from '../../../src/artifacts/task-image/tree.ts';
import { isThere } from '../../../src/lib/files.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

const makeTree = async (...paths: readonly string[]) => {
  const root = await temporaryDir();
  for (const path of ['usr/share/x', ...paths]) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), `${path}\n`);
  }
  return root;
};

test('/bin and its like become links into /usr, with the files of both', async () => {
  const root = await makeTree(
    'bin/bash',
    'usr/bin/env',
    'lib/x/libc.so',
    'lib/x/deep/a',
    'usr/lib/x/libz.so',
    'sbin/ip',
  );
  await symlink('libc.so', join(root, 'lib/x/libc.so.6'));
  await mergeUsr(root);
  expect(await readlink(join(root, 'bin'))).toBe('usr/bin');
  for (const path of ['bin/bash', 'bin/env', 'usr/lib/x/libc.so', 'lib/x/libz.so', 'lib/x/deep/a', 'usr/sbin/ip']) {
    expect(await isThere(join(root, path)), path).toBe(true);
  }
  expect(await readlink(join(root, 'usr/lib/x/libc.so.6'))).toBe('libc.so');
  // a release whose packages have it so already
  await mergeUsr(root);
  expect(await readlink(join(root, 'bin'))).toBe('usr/bin');
});

test('does what the scripts of the packages would do: accounts, certificates, the links of alternatives', async () => {
  const certificates = ['b.crt', 'a.crt'].map((name) => `usr/share/ca-certificates/mozilla/${name}`);
  const root = await makeTree('usr/bin/which.debianutils', 'usr/share/openssh/sshd_config', ...certificates);
  await settle(root);
  const text = (path: string) => readFile(join(root, path), 'utf8');
  expect(await text('etc/passwd')).toMatch(/^root:x:0:0:root:\/root:\/bin\/bash\nsshd:/);
  // with a ! sshd would let root in by no key
  expect(await text('etc/shadow')).toMatch(/^root:\*:/);
  expect(await text('etc/ssl/certs/ca-certificates.crt')).toBe(`${certificates[1]}\n${certificates[0]}\n`);
  expect(await text('etc/ssh/sshd_config')).toBe('usr/share/openssh/sshd_config\n');
  expect(await readlink(join(root, 'usr/bin/which'))).toBe('which.debianutils');
  expect(await isThere(join(root, 'usr/bin/awk'))).toBe(false);
  for (const path of ['run/sshd', 'root', 'tmp', 'proc']) expect(await isThere(join(root, path)), path).toBe(true);
});

test('documents go, licences stay', async () => {
  const doc = 'usr/share/doc/bash';
  const root = await makeTree(
    `${doc}/copyright`,
    `${doc}/README`,
    'usr/share/man/man1/a',
    'usr/share/locale/de/a',
    'usr/bin/man',
  );
  await settle(root);
  const left = [];
  for (const path of [
    `${doc}/copyright`,
    `${doc}/README`,
    'usr/share/man/man1/a',
    'usr/share/locale/de/a',
    'usr/bin/man',
  ]) {
    if (await isThere(join(root, path))) left.push(path);
  }
  expect(left).toEqual([`${doc}/copyright`, 'usr/bin/man']);
});
