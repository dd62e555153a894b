import { chmod, mkdir, readdir, readFile, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  explainRefusal,
  isRefusal,
  verifyKubeconfig,
  writeKubeconfig,
} from '../../../../src/lib/kube/kubeconfig/write.ts';
import { trustedUids } from '../../../../src/lib/trust/users.ts';
import { config } from '../../../support/kubeconfig.ts';
import { temporaryDir } from '../../../support/temporary-dir.ts';

// mounts, read-only folders and single files that are mounted: test/process/mounted-kubeconfig.test.ts
const trusted = trustedUids({});
const systemError = (code: string): Error => Object.assign(new Error(`${code}: refused, open '/k'`), { code });

test('a kubeconfig that can be written, or that is not there yet, is fine; nothing is made', async () => {
  const dir = await temporaryDir();
  const path = join(dir, 'config');
  await verifyKubeconfig(path, trusted);
  await verifyKubeconfig(join(dir, 'deep', 'er', 'config'), trusted);
  await writeFile(path, config(['work'], 'work'));
  await chmod(path, 0o400);
  await verifyKubeconfig(path, trusted);
  const link = join(dir, 'link');
  await symlink(path, link);
  await verifyKubeconfig(link, trusted);
  expect(await readdir(dir)).toEqual(['config', 'link']);
});

test.each([
  ['a list', '- a list', 'usage.kubeconfig', /is not a mapping$/],
  ['broken YAML', 'garbage: [', 'usage.kubeconfig', /is not YAML/],
])('one that cannot be read is refused: %s', async (_, text, id, message) => {
  const path = join(await temporaryDir(), 'config');
  await writeFile(path, text);
  await expect(verifyKubeconfig(path, trusted)).rejects.toMatchObject({ id, message: expect.stringMatching(message) });
});

test('a path through a file, and a folder in its place, are refused', async () => {
  const dir = await temporaryDir();
  await writeFile(join(dir, 'file'), '');
  await mkdir(join(dir, 'folder'));
  await expect(verifyKubeconfig(join(dir, 'file', 'config'), trusted)).rejects.toMatchObject({
    id: expect.stringMatching(/^(usage\.output|environment\.kubeconfig-not-writable)$/),
  });
  await expect(verifyKubeconfig(join(dir, 'folder'), trusted)).rejects.toMatchObject({ id: 'usage.output' });
});

test('a lock that kubectl left behind is named with its age; a fresh one is waited for later', async () => {
  const path = join(await temporaryDir(), 'config');
  await writeFile(path, '');
  await writeFile(`${path}.lock`, '');
  await verifyKubeconfig(path, trusted);
  const minutesAgo = new Date(Date.now() - 300_000);
  await utimes(`${path}.lock`, minutesAgo, minutesAgo);
  await expect(verifyKubeconfig(path, trusted)).rejects.toMatchObject({
    id: 'environment.kubeconfig-locked',
    message: expect.stringMatching(/config\.lock is there since 30\d s/),
    hint: `if nothing writes it, remove ${path}.lock`,
  });
});

test.each([
  'EROFS',
  'EACCES',
  'EPERM',
  'EBUSY',
  'ENOSPC',
  'EIO',
])('what the system says is an error with an id: %s', (code) => {
  expect(explainRefusal('/k', systemError(code))).toMatchObject({
    id: 'environment.kubeconfig-not-writable',
    message: `cannot write your kubeconfig /k: ${code}: refused, open '/k'`,
  });
});

test('other errors stay what they are', () => {
  const bug = new TypeError('x is undefined');
  expect(explainRefusal('/k', bug)).toBe(bug);
  expect(isRefusal(systemError('EMFILE'))).toBe(false);
  expect(isRefusal(systemError('EROFS'))).toBe(true);
});

test('a shorter text leaves nothing of the longer one', async () => {
  const path = join(await temporaryDir(), 'config');
  await writeFile(path, config(['work', 'other'], 'work'));
  await writeKubeconfig(path, config([], ''));
  expect(await readFile(path, 'utf8')).toBe(config([], ''));
});
