import { execFileSync } from 'node:child_process';
import { chmod, link, lstat, mkdir, readlink, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { confineTree, linkInside, makeParents, pathInside, verifyLink } from '../../../src/lib/archive/confined.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

let dir: string;
let outside: string;
beforeEach(async () => {
  [dir, outside] = [join(await temporaryDir(), 'item'), await temporaryDir()];
  await mkdir(dir);
});

test.each(['a', 'a/b', './a', 'a..b', '..a', '...'])('%s is a name inside', (path) =>
  expect(pathInside('/item', path)).toBe(join('/item', path)));
test.each([
  '..',
  '../a',
  'a/../../b',
  'a/..',
  'a/../b',
  '../item',
  '../item2/x',
  '/a',
  '/item/a',
  '',
  '.',
  'a/',
  'a/.',
])('%j is none', (path) => expect(() => pathInside('/item', path)).toThrow('outside'));

describe('links', () => {
  test.each([
    ['a', 'b'],
    ['a/b', '../c'],
    ['a/b/c', '../../d/e'],
    ['a', './b/c'],
    ['a', '..b'],
    ['a', '...'],
    ['a/b', '../..c'],
  ])('%s -> %s stays inside', (path, target) => expect(() => verifyLink(path, target)).not.toThrow());
  test.each([
    ['a', '/etc'],
    ['a', '..'],
    ['a/b', '../../c'],
    ['a', '../item-2/x'],
    // what looks inside leaves it if `b` is a link to a folder above
    ['a', 'b/../..'],
    ['a/b', 'c/../d'],
    ['a', ''],
  ])('%s -> %s does not', (path, target) => expect(() => verifyLink(path, target)).toThrow('outside'));
});

test('folders above a name are made, but never through a link', async () => {
  await makeParents(dir, 'a/b/c');
  expect((await lstat(join(dir, 'a/b'))).isDirectory()).toBe(true);
  await symlink(outside, join(dir, 'out'));
  await expect(makeParents(dir, 'out/sub/file')).rejects.toThrow('through a link');
  await expect(lstat(join(outside, 'sub'))).rejects.toThrow('ENOENT');
});

test('a link is made in a folder of its own, not through another link', async () => {
  await linkInside(dir, 'x/y', '../z');
  expect(await readlink(join(dir, 'x/y'))).toBe('../z');
  await linkInside(dir, 'l', 'x');
  await expect(linkInside(dir, 'l/evil', 'y')).rejects.toThrow('through a link');
  await expect(linkInside(dir, 'l', 'x')).rejects.toThrow('link l has the name of something else');
});

describe('a tree that a tool has unpacked', () => {
  const confine = (allowOutsideLinks = false) => confineTree(dir, { allowOutsideLinks });

  test('loses set-id and sticky bits, and write permission for others', async () => {
    await mkdir(join(dir, 'sub'));
    await writeFile(join(dir, 'sub/tool'), '');
    await chmod(join(dir, 'sub/tool'), 0o6777);
    await chmod(join(dir, 'sub'), 0o1777);
    await confine();
    expect((await lstat(join(dir, 'sub/tool'))).mode & 0o7777).toBe(0o755);
    expect((await lstat(join(dir, 'sub'))).mode & 0o7777).toBe(0o755);
  });

  test('a FIFO is refused', async () => {
    execFileSync('mkfifo', [join(dir, 'pipe')]);
    await expect(confine()).rejects.toThrow('pipe is a device, FIFO or socket');
  });

  test('a hard link of a file outside is refused; one inside is none of our business', async () => {
    await writeFile(join(dir, 'a'), '');
    await link(join(dir, 'a'), join(dir, 'b'));
    await confine();
    await writeFile(join(outside, 'shadow'), '');
    await link(join(outside, 'shadow'), join(dir, 'c'));
    await expect(confine()).rejects.toThrow('c is a hard link of a file outside');
  });

  test('a link out of it is refused, except where the item consists of such', async () => {
    await symlink('/usr/bin/env', join(dir, 'env'));
    await expect(confine()).rejects.toThrow('link env leads to /usr/bin/env');
    await confine(true);
  });
});
