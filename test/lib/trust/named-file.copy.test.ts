import { chmod, lstat, mkdir, open, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { copyToNamedFile } from '../../../src/lib/trust/named-file.ts';
import { trustedUids } from '../../../src/lib/trust/users.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

const trusted = trustedUids({});
const content = Buffer.alloc(3 * 2 ** 20, 'taskgate');

const setUp = async () => {
  const dir = await temporaryDir();
  const source = join(dir, 'source.tar');
  await writeFile(source, content);
  return { dir, source, path: join(dir, 'out', 'image.tar') };
};

test('a new file has the mode of what it is a copy of', async () => {
  const { source, path } = await setUp();
  await chmod(source, 0o644);
  await copyToNamedFile(source, path, { trusted });
  expect((await readFile(path)).equals(content)).toBe(true);
  expect((await stat(path)).mode & 0o777).toBe(0o644);
});

test('a file is replaced as a whole, behind a link: who reads it has the old one', async () => {
  const { dir, source, path } = await setUp();
  await mkdir(join(dir, 'out'));
  await writeFile(join(dir, 'out', 'real.tar'), 'old', { mode: 0o640 });
  await symlink('real.tar', path);
  const reader = await open(path);
  await copyToNamedFile(source, path, { trusted });
  expect(await reader.readFile('utf8')).toBe('old');
  await reader.close();
  expect((await lstat(path)).isSymbolicLink()).toBe(true);
  const real = await stat(join(dir, 'out', 'real.tar'));
  expect([real.size, real.mode & 0o777]).toEqual([content.length, 0o640]);
  expect((await readdir(join(dir, 'out'))).toSorted()).toEqual(['image.tar', 'real.tar']);
});

test('a copy that fails leaves the file as it was, and nothing beside it', async () => {
  const { dir, path } = await setUp();
  await mkdir(join(dir, 'out'));
  await writeFile(path, 'old');
  await expect(copyToNamedFile(dir, path, { trusted })).rejects.toMatchObject({ id: 'usage.output' });
  expect(await readFile(path, 'utf8')).toBe('old');
  expect(await readdir(join(dir, 'out'))).toEqual(['image.tar']);
});

test('a pipe gets the bytes', async () => {
  const { dir, source } = await setUp();
  const pipe = join(dir, 'pipe');
  await execa('mkfifo', [pipe]);
  const [read] = await Promise.all([readFile(pipe), copyToNamedFile(source, pipe, { trusted })]);
  expect(read.equals(content)).toBe(true);
});
