import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { named, openImageArchive } from '../../../src/cluster/images/archive.ts';
import { archiveBytes } from '../../../src/cluster/images/archive-bytes.ts';
import { dockerArchive, fileOf, hostPlatform, ociArchive } from '../../support/images/archives.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

const { signal } = new AbortController();
const platform = `linux/${hostPlatform.architecture}`;
/** More than a piece that is read at once, so that the list lies in another one. */
const content = randomBytes(3 * 2 ** 20 + 12_345);

const openFile = async (tar: Buffer) => {
  const path = await fileOf(await temporaryDir(), 'a.tar', tar);
  return { path, archive: await openImageArchive(path, platform, signal) };
};

const read = async (archive: Awaited<ReturnType<typeof openFile>>['archive']) => {
  const counts: number[] = [];
  const chunks: Buffer[] = [];
  for await (const chunk of archiveBytes(archive, (count) => counts.push(count))) chunks.push(Buffer.from(chunk));
  return { bytes: Buffer.concat(chunks), counts };
};

const cases = [
  ['docker', 'plain', (tar: Buffer) => tar],
  ['docker', 'gzip', gzipSync],
  ['oci', 'plain', (tar: Buffer) => tar],
  ['oci', 'zstd', zstdCompressSync],
] as const;

test.each(
  cases,
)('%s, %s: what passes is a tar of the same images under full names, and every other member as it was', async (kind, _, pack) => {
  const made =
    kind === 'docker' ? await dockerArchive({ name: 'a:1', content }) : await ociArchive({ name: 'a:1', content });
  const { archive } = await openFile(pack(made.tar));
  const { bytes, counts } = await read(named(archive, 'docker.io/library/other:2'));
  expect(counts.at(-1)).toBe(archive.tar.bytes);
  const { archive: passed } = await openFile(bytes);
  expect(passed.images).toMatchObject([{ names: ['docker.io/library/other:2'], id: made.ids[0] }]);
  expect([...passed.tar.members.keys()]).toEqual([...archive.tar.members.keys()]);
  for (const [name, { start, end }] of archive.tar.members) {
    if (name === archive.list) continue;
    const other = passed.tar.members.get(name);
    expect(bytes.subarray(other?.start, other?.end).equals(made.tar.subarray(start, end)), name).toBe(true);
  }
});

test('the list may come first', async () => {
  const { tar } = await ociArchive({ name: 'a:1', content });
  const { archive } = await openFile(tar);
  const list = archive.tar.members.get('index.json');
  const moved = Buffer.concat([
    tar.subarray(list?.start, list?.end),
    tar.subarray(0, list?.start),
    tar.subarray(list?.end),
  ]);
  const { archive: first } = await openFile(moved);
  expect(first.tar.members.get('index.json')?.start).toBe(0);
  const { archive: passed } = await openFile((await read(named(first, 'docker.io/library/o:2'))).bytes);
  expect(passed.images).toMatchObject([{ names: ['docker.io/library/o:2'] }]);
});

test('a file that has become shorter meanwhile', async () => {
  const { tar } = await dockerArchive({ name: 'a:1', content });
  const { path, archive } = await openFile(tar);
  await writeFile(path, tar.subarray(0, 100_000));
  await expect(read(archive)).rejects.toMatchObject({
    id: 'artifact.image-archive',
    message: expect.stringContaining('it has changed while it was read'),
  });
});
