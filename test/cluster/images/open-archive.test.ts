import { gzipSync, zstdCompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { openTar } from '../../../src/cluster/images/open-archive.ts';
import { dockerArchive, fileOf } from '../../support/images/archives.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

const open = async (content: Buffer) =>
  openTar(await fileOf(await temporaryDir(), 'a.tar', content), new AbortController().signal);

test.each([
  ['gzip', gzipSync],
  ['zstd', zstdCompressSync],
] as const)('one packed by %s has the same members at the same places', async (packing, pack) => {
  const { tar } = await dockerArchive({ name: 'a:1' });
  const [plain, packed] = [await open(tar), await open(pack(tar))];
  expect(packed.packing).toBe(packing);
  expect([...packed.members]).toEqual([...plain.members]);
  expect(packed.size).toBe(plain.size);
  expect(packed.bytes).toBeLessThan(plain.bytes);
});

test.each([
  ['gzip', gzipSync],
  ['zstd', zstdCompressSync],
] as const)('one packed by %s that is cut off', async (_, pack) => {
  const packed = pack((await dockerArchive({ name: 'a:1' })).tar);
  await expect(open(packed.subarray(0, packed.length / 2))).rejects.toMatchObject({
    id: 'artifact.image-archive',
    message: expect.stringMatching(/damaged|ends in the middle/),
  });
});

test('one packed by gzip with other bytes is damaged', async () => {
  const packed = gzipSync((await dockerArchive({ name: 'a:1' })).tar);
  packed.fill(0xff, 200, 240);
  await expect(open(packed)).rejects.toMatchObject({
    id: 'artifact.image-archive',
    message: expect.stringContaining('it is damaged'),
  });
});

test.each([
  ['xz', 'fd377a585a000004'],
  ['bzip2', '425a6839'],
])('what is packed by %s is to be unpacked first', async (packing, hex) => {
  await expect(open(Buffer.from(hex, 'hex'))).rejects.toMatchObject({
    id: 'artifact.image-archive',
    message: expect.stringContaining(`it is packed by ${packing}; unpack it first`),
  });
});

test('a file that is not there, and a folder', async () => {
  const { signal } = new AbortController();
  await expect(openTar('/nowhere/a.tar', signal)).rejects.toMatchObject({
    id: 'usage.no-file',
    message: expect.stringContaining('/nowhere/a.tar'),
  });
  await expect(openTar(await temporaryDir(), signal)).rejects.toMatchObject({
    id: 'usage.no-file',
    hint: expect.stringContaining('tar -C'),
  });
});

test('an interruption ends the reading', async () => {
  const path = await fileOf(await temporaryDir(), 'a.tar', (await dockerArchive({ name: 'a:1' })).tar);
  await expect(openTar(path, AbortSignal.abort(new Error('stop')))).rejects.toThrow('stop');
});
