import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { expect, test } from 'vitest';
import { ArchiveError, extractFile, type TarEntry, writeTar } from '../../../src/lib/archive/tar.ts';
import { sha256OfFile } from '../../../src/lib/files.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

const entries = (path: string): readonly TarEntry[] => [
  { type: 'directory', name: 'dir/', mode: 0o755 },
  { type: 'file', name: 'dir/text', mode: 0o644, content: { text: 'hello' } },
  { type: 'file', name: 'dir/big', mode: 0o755, content: { path, size: 100_000 } },
];

test('writes the same bytes for the same entries, and tells size and digest', async () => {
  const dir = await temporaryDir();
  await writeFile(join(dir, 'big'), Buffer.alloc(100_000, 7));
  const one = await writeTar(join(dir, 'one.tar'), entries(join(dir, 'big')));
  const two = await writeTar(join(dir, 'two.tar'), entries(join(dir, 'big')));
  expect(one).toEqual(two);
  expect(await sha256OfFile(join(dir, 'one.tar'))).toBe(one.sha256);
  expect((await readFile(join(dir, 'one.tar'))).length).toBe(one.size);
});

test('takes one file out of a gzipped tar', async () => {
  const dir = await temporaryDir();
  await writeFile(join(dir, 'big'), Buffer.alloc(100_000, 7));
  await writeTar(join(dir, 'all.tar'), entries(join(dir, 'big')));
  await writeFile(join(dir, 'all.tgz'), gzipSync(await readFile(join(dir, 'all.tar'))));
  expect(await extractFile(join(dir, 'all.tgz'), { member: 'dir/big', to: join(dir, 'out'), limit: 1e8 })).toBe(true);
  expect(await readFile(join(dir, 'out'))).toEqual(Buffer.alloc(100_000, 7));
  expect(await extractFile(join(dir, 'all.tgz'), { member: 'dir/none', to: join(dir, 'out'), limit: 1e8 })).toBe(false);
});

test('the file of that name alone is taken, not one whose name ends or begins alike', async () => {
  const dir = await temporaryDir();
  const names = ['bin/tool', 'xtool', 'tool.sig', './tool', 'tool/x'];
  const files = names.map((name) => ({ type: 'file', name, mode: 0o644, content: { text: name } }) as const);
  await writeTar(join(dir, 'all.tar'), files);
  await writeFile(join(dir, 'all.tgz'), gzipSync(await readFile(join(dir, 'all.tar'))));
  const take = (member: string) => extractFile(join(dir, 'all.tgz'), { member, to: join(dir, 'out'), limit: 1e8 });
  expect(await take('tool')).toBe(true);
  expect(await readFile(join(dir, 'out'), 'utf8')).toBe('./tool');
  expect(await take('ool')).toBe(false);
});

test('a file that is missing fails, and does not hang', async () => {
  const dir = await temporaryDir();
  await expect(writeTar(join(dir, 'x.tar'), entries(join(dir, 'absent')))).rejects.toThrow('ENOENT');
});

/** A gzipped tar with one entry of any type. */
const archiveOf = async (
  header: Parameters<ReturnType<typeof pack>['entry']>[0],
  content = Buffer.alloc(0),
): Promise<string> => {
  const into = pack();
  into.entry(header, content);
  into.finalize();
  const path = join(await temporaryDir(), 'a.tgz');
  await writeFile(path, gzipSync(await buffer(into)));
  return path;
};

test.each(['symlink', 'link', 'fifo', 'character-device', 'directory'] as const)('a %s is no program', async (type) => {
  const archive = await archiveOf({ name: 'tool', type, linkname: '/etc/shadow' });
  const to = join(await temporaryDir(), 'out');
  const error = await extractFile(archive, { member: 'tool', to, limit: 1e8 }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ArchiveError);
  await expect(readFile(to)).rejects.toThrow('ENOENT');
});

test.each(['tool', 'another'])('a few kB that unpack to more than the limit end there: %s', async (member) => {
  const archive = await archiveOf({ name: 'tool' }, Buffer.alloc(20e6));
  expect((await readFile(archive)).length).toBeLessThan(100e3);
  const to = join(await temporaryDir(), 'out');
  const extracting = extractFile(archive, { member, to, limit: 1e6 });
  await expect(extracting).rejects.toThrow('it unpacks to more than 1000000 bytes');
});

test.each([
  ['cut off', (bytes: Buffer) => bytes.subarray(0, -9)],
  ['no gzip', () => Buffer.from('<html>')],
  ['no tar', () => gzipSync(Buffer.alloc(1_024, 'x'))],
])('an archive that is %s is damaged', async (_, change) => {
  const archive = await archiveOf({ name: 'tool' }, Buffer.alloc(5_000));
  await writeFile(archive, change(await readFile(archive)));
  const extracting = extractFile(archive, { member: 'tool', to: join(await temporaryDir(), 'out'), limit: 1e6 });
  await expect(extracting).rejects.toThrow(ArchiveError);
  await expect(extracting).rejects.toThrow(/^it is damaged: /);
});
