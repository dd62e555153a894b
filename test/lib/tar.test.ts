import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { sha256OfFile } from '../../src/lib/files.ts';
import { extractFile, type TarEntry, writeTar } from '../../src/lib/tar.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

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
  expect(await extractFile(join(dir, 'all.tgz'), 'dir/big', join(dir, 'out'))).toBe(true);
  expect(await readFile(join(dir, 'out'))).toEqual(Buffer.alloc(100_000, 7));
  expect(await extractFile(join(dir, 'all.tgz'), 'dir/none', join(dir, 'out'))).toBe(false);
});

test('a file that is missing fails, and does not hang', async () => {
  const dir = await temporaryDir();
  await expect(writeTar(join(dir, 'x.tar'), entries(join(dir, 'absent')))).rejects.toThrow('ENOENT');
});
