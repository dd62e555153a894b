import { mkdir, readFile, rmdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { openRotatingLog } from '../../src/supervisor/rotating-log.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

let path: string;
let losses: string[];
beforeEach(async () => {
  path = join(await temporaryDir(), 'a.log');
  losses = [];
});
const open = (limitBytes?: number) =>
  openRotatingLog(path, { onLoss: (reason) => losses.push(reason), ...(limitBytes && { limitBytes }) });
const text = (file: string) => readFile(file, 'utf8');

test('past the limit the file is set aside once and a new one begins', async () => {
  const log = open(10);
  for (const chunk of ['0123456789', 'abc']) log.write(Buffer.from(chunk));
  expect(await text(`${path}.1`)).toBe('0123456789');
  expect(await text(path)).toBe('abc');
  expect(losses).toEqual([]);
});

test('what earlier runs wrote counts', async () => {
  await writeFile(path, '0123456');
  const log = open(10);
  for (const chunk of ['789', 'abc']) log.write(Buffer.from(chunk));
  expect(await text(`${path}.1`)).toBe('0123456789');
  expect(await text(path)).toBe('abc');
});

test('on a full disk output is dropped, which is said once', async () => {
  await symlink('/dev/full', path);
  const log = open();
  for (const chunk of ['lost', 'lost too']) log.write(Buffer.from(chunk));
  expect(losses).toEqual(['ENOSPC: no space left on device, write']);
});

test('a file that cannot be opened is tried again with the next output', async () => {
  await mkdir(path);
  const log = open();
  log.write(Buffer.from('lost'));
  await rmdir(path);
  log.write(Buffer.from('kept'));
  expect(losses).toEqual([`EISDIR: illegal operation on a directory, open '${path}'`]);
  expect(await text(path)).toBe('kept');
});

test('a file that cannot be set aside does not grow', async () => {
  await mkdir(`${path}.1`);
  const log = open(10);
  for (const chunk of ['0123456789', 'lost', 'lost too']) log.write(Buffer.from(chunk));
  expect(losses).toEqual([expect.stringContaining('EISDIR')]);
  expect(await text(path)).toBe('0123456789');
});

test('what programs write is for its owner only, before and after a file is set aside', async () => {
  const log = open(10);
  for (const chunk of ['0123456789', 'abc']) log.write(Buffer.from(chunk));
  const modes = await Promise.all([path, `${path}.1`].map(async (file) => (await stat(file)).mode & 0o777));
  expect(modes).toEqual([0o600, 0o600]);
});
