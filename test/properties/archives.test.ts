import assert from 'node:assert/strict';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { pack } from 'tar-stream';
import { named, openImageArchive } from '../../src/cluster/images/archive.ts';
import { archiveBytes } from '../../src/cluster/images/archive-bytes.ts';
import { findFullName } from '../../src/cluster/images/reference.ts';
import { ArchiveError, extractFile } from '../../src/lib/archive/tar.ts';
import { tarOf as tarOfFiles } from '../support/images/archives.ts';
import { sharedFolder } from '../support/properties/folder.ts';
import { mutatedJson, mutatedText } from '../support/properties/mutations.ts';
import { property } from '../support/properties/property.ts';
import { refused } from '../support/properties/shares.ts';

const folder = sharedFolder();

const types = fc.constantFrom('file', 'symlink', 'link', 'directory', 'fifo', 'character-device', 'contiguous-file');
const members = fc.record({
  name: fc.constantFrom('tool', './tool', '../tool', '/tool', 'a/tool', 'x'),
  type: types,
  size: fc.nat(2_000),
});

/** A tar of these members, cut off and changed as told, and zipped. */
const tarOf = async (entries: readonly { name: string; type: string; size: number }[]): Promise<Buffer> => {
  const into = pack();
  for (const { name, type, size } of entries) {
    const hasBody = type === 'file' || type === 'contiguous-file';
    const header = { name, type: type as 'file', linkname: '../x', size: hasBody ? size : 0 };
    if (hasBody) into.entry(header, Buffer.alloc(size));
    else into.entry(header);
  }
  into.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of into as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
};

property(
  'tar: one member is extracted, and nothing else written',
  fc.record({
    entries: fc.array(members, { maxLength: 4 }),
    cut: fc.option(fc.nat(4_000)),
    flips: fc.array(fc.nat(3_000), { maxLength: 3 }),
    unzipped: fc.boolean(),
  }),
  async ({ entries, cut, flips, unzipped }) => {
    const dir = join(folder(), 'tar');
    await rm(dir, { recursive: true, force: true });
    await mkdir(dir);
    const whole = await tarOf(entries);
    for (const at of flips) if (at < whole.length) whole[at] = (whole[at] ?? 0) ^ 0x41;
    const bytes = cut === null ? whole : whole.subarray(0, cut);
    await writeFile(join(dir, 'archive'), unzipped ? bytes : gzipSync(bytes, { level: 1 }));
    const wanted = { member: 'tool', to: join(dir, 'out'), limit: 6_000 };
    const isExtracted = await extractFile(join(dir, 'archive'), wanted).then(
      () => true,
      (error: unknown) => {
        if (!(error instanceof ArchiveError)) throw error;
        return false;
      },
    );
    assert.ok((await readdir(dir)).every((name) => name === 'archive' || name === 'out'));
    return isExtracted ? undefined : refused;
  },
  {
    weight: 60,
    accepts: 0.01,
    good: [{ entries: [{ name: 'tool', type: 'file', size: 100 }], cut: null, flips: [], unzipped: false }],
  },
);

/** A list of images and a configuration, edited, in an archive that is cut off, changed and packed as told. */
const imageArchives = fc.record({
  list: mutatedJson([{ Config: 'c.json', RepoTags: ['a:1', 'x/y'], Layers: ['l/layer.tar'] }]),
  config: mutatedJson({ architecture: 'amd64', os: 'linux', rootfs: { diff_ids: [] } }),
  index: mutatedJson({
    manifests: [{ digest: `sha256:${'1'.repeat(64)}`, annotations: { 'io.containerd.image.name': 'b:1' } }],
  }),
  isLayout: fc.boolean(),
  cut: fc.option(fc.nat(6_000)),
  flips: fc.array(fc.nat(4_000), { maxLength: 2 }),
  packing: fc.constantFrom('none', 'gzip', 'zstd'),
});

const packers = {
  none: (bytes: Buffer) => bytes,
  gzip: (bytes: Buffer) => gzipSync(bytes, { level: 1 }),
  zstd: zstdCompressSync,
};

property(
  'images: archives',
  imageArchives,
  async ({ list, config, index, isLayout, cut, flips, packing }) => {
    const manifest = JSON.stringify({ config: { digest: `sha256:${'2'.repeat(64)}` } });
    const layout = [
      ...[['oci-layout', '{}'] as const, ['index.json', index] as const],
      ...[[`blobs/sha256/${'1'.repeat(64)}`, manifest] as const, [`blobs/sha256/${'2'.repeat(64)}`, config] as const],
    ];
    const whole = await tarOfFiles(
      isLayout
        ? layout
        : [
            ['c.json', config],
            ['l/layer.tar', 'x'.repeat(700)],
            ['manifest.json', list],
          ],
    );
    for (const at of flips) if (at < whole.length) whole[at] = (whole[at] ?? 0) ^ 0x41;
    const path = join(folder(), 'images.tar');
    await writeFile(path, packers[packing](cut === null ? whole : whole.subarray(0, cut)));
    const archive = named(await openImageArchive(path, 'linux/amd64', new AbortController().signal), undefined);
    assert.ok(
      archive.images.every(
        ({ names, id }) => names.every((name) => findFullName(name) === name) && /^sha256:[0-9a-f]{64}$/.test(id),
      ),
    );
    // what goes to the node names the same images
    const chunks: Buffer[] = [];
    for await (const chunk of archiveBytes(archive, () => undefined)) chunks.push(Buffer.from(chunk));
    await writeFile(path, Buffer.concat(chunks));
    const passed = await openImageArchive(path, 'linux/amd64', new AbortController().signal);
    assert.deepEqual(
      passed.images.map(({ names, id }) => ({ names, id })),
      archive.images.map(({ names, id }) => ({ names, id })),
    );
    return undefined;
  },
  {
    weight: 30,
    accepts: 0.05,
    good: ['none', 'gzip', 'zstd'].flatMap((packing) =>
      [true, false].map((isLayout) => ({
        list: '[{"Config":"c.json","RepoTags":["a:1"]}]',
        config: '{"architecture":"amd64","os":"linux"}',
        index: `{"manifests":[{"digest":"sha256:${'1'.repeat(64)}","annotations":{"io.containerd.image.name":"b:1"}}]}`,
        ...{ isLayout, cut: null, flips: [], packing: packing as 'none' },
      })),
    ),
  },
);

property(
  'images: names',
  mutatedText('docker.io/library/python:3', `localhost:5000/a/b@sha256:${'0'.repeat(64)}`),
  (text) => {
    const full = findFullName(text);
    if (full === undefined) return refused;
    assert.equal(findFullName(full), full);
    return undefined;
  },
  { accepts: 0.1 },
);
