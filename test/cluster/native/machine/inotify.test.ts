import { watch } from 'node:fs';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { countInotify, judgeInotify } from '../../../../src/cluster/native/machine/inotify.ts';
import { temporaryDir } from '../../../support/temporary-dir.ts';

test.each([
  [0, 128, undefined],
  [88, 128, undefined],
  // the sixth cluster of one user on a host
  [115, 128, /root's processes use 115 of 128 inotify instances.*sysctl fs\.inotify\.max_user_instances=512/],
  [500, 512, /use 500 of 512/],
  [115, 8192, undefined],
])('%i of %i in use: a note says so before a node fails for it', (used, limit, note) => {
  const found = judgeInotify(used, limit);
  if (note === undefined) expect(found).toBeUndefined();
  else expect(found).toMatch(note);
});

test('counts the open instances of one user', async () => {
  const proc = await temporaryDir();
  for (const [fd, target] of [
    ['7/fd/3', 'anon_inode:inotify'],
    ['7/fd/4', 'anon_inode:[eventpoll]'],
    ['8/fd/3', 'anon_inode:inotify'],
    ['self/fd/3', 'anon_inode:inotify'],
  ] as const) {
    await mkdir(join(proc, fd, '..'), { recursive: true });
    await symlink(target, join(proc, fd));
  }
  const uid = process.getuid?.() ?? -1;
  expect(await countInotify(uid, proc)).toBe(2);
  expect(await countInotify(uid + 1, proc)).toBe(0);
});

test.skipIf(process.platform !== 'linux')('this process is among them', async () => {
  const uid = process.getuid?.() ?? -1;
  const watcher = watch(await temporaryDir(), () => undefined);
  expect(await countInotify(uid)).toBeGreaterThan(0);
  watcher.close();
});
