import assert from 'node:assert/strict';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { pack } from 'tar-stream';
import { ArchiveError, extractFile } from '../../src/lib/archive/tar.ts';
import { sharedFolder } from '../support/properties/folder.ts';
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
