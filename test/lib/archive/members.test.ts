import { randomBytes } from 'node:crypto';
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pack } from 'tar-stream';
import { describe, expect, test } from 'vitest';
import { bytesOfFile, bytesOfStream } from '../../../src/lib/archive/byte-source.ts';
import { type TarMember, tarMembers } from '../../../src/lib/archive/members.ts';
import { tarOf } from '../../support/images/archives.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

const small = 1_000;

const ofFile = async (tar: Buffer): Promise<readonly TarMember[]> => {
  const path = join(await temporaryDir(), 'a.tar');
  await writeFile(path, tar);
  const file = await open(path);
  try {
    return await Array.fromAsync(tarMembers(bytesOfFile(file, tar.length), small));
  } finally {
    await file.close();
  }
};

/** In pieces of a size that is no divisor of a block's. */
const ofStream = (tar: Buffer): Promise<readonly TarMember[]> => {
  const pieces = async function* () {
    for (let at = 0; at < tar.length; at += 777) yield tar.subarray(at, at + 777);
  };
  return Array.fromAsync(tarMembers(bytesOfStream(pieces()), small));
};

const readers = [
  ['a file', ofFile],
  ['a stream', ofStream],
] as const;

describe.each(readers)('of %s', (_, read) => {
  test('each member with its place, and the content of small ones', async () => {
    const big = randomBytes(5_000);
    const tar = await tarOf([
      ['./first', 'one'],
      ['big', big],
      ['last', ''],
    ]);
    const members = await read(tar);
    expect(members.map(({ name, size, start, end, content }) => [name, size, start, end, content?.toString()])).toEqual(
      [
        ['first', 3, 0, 1_024, 'one'],
        ['big', 5_000, 1_024, 6_656, undefined],
        ['last', 0, 6_656, 7_168, ''],
      ],
    );
    const [, second] = members;
    expect(tar.subarray((second?.start ?? 0) + 512, (second?.start ?? 0) + 512 + 5_000)).toEqual(big);
  });

  test('a name of pax, with its header as part of the member', async () => {
    const name = `${'d'.repeat(150)}/${'ä'.repeat(120)}`;
    const members = await read(
      await tarOf([
        ['a', 'x'],
        [name, 'y'],
        ['b', 'z'],
      ]),
    );
    expect(members.map((member) => member.name)).toEqual(['a', name, 'b']);
    expect(members.map(({ start }, index) => start === (members[index - 1]?.end ?? 0))).toEqual([true, true, true]);
  });

  test('folders and links have no content, whatever follows them', async () => {
    const into = pack();
    const packed = Array.fromAsync(into as AsyncIterable<Buffer>);
    into.entry({ name: 'dir/', type: 'directory' });
    into.entry({ name: 'link', type: 'symlink', linkname: 'dir' });
    into.entry({ name: 'file' }, 'x');
    into.finalize();
    const members = await read(Buffer.concat(await packed));
    expect(members.map(({ name, isFile }) => [name, isFile])).toEqual([
      ['dir/', false],
      ['link', false],
      ['file', true],
    ]);
  });

  test('the end may lack its empty blocks', async () => {
    const tar = await tarOf([['a', 'x']]);
    expect(await read(tar.subarray(0, -1_024))).toHaveLength(1);
    expect(await read(tar.subarray(0, -512))).toHaveLength(1);
  });

  test.each([
    ['nothing', () => Buffer.alloc(0), 'it is empty'],
    ['a text', () => Buffer.from('a'.repeat(2_000)), 'it is no tar'],
    ['less than a header', () => Buffer.from('short'), 'it is no tar'],
    ['zeros', () => Buffer.alloc(1_024), 'it is no tar'],
    ['content that is cut off', (tar: Buffer) => tar.subarray(0, 1_024 + 512 + 4_999), 'it ends in the middle of big'],
    ['a header that is cut off', (tar: Buffer) => tar.subarray(0, 1_024 + 511), 'it ends in the middle of a header'],
    ['small content that is cut off', (tar: Buffer) => tar.subarray(0, 514), 'it ends in the middle of a'],
    [
      'a header with another byte',
      (tar: Buffer) => {
        const other = Buffer.from(tar);
        other[1_024] = 1;
        return other;
      },
      'a header in it is damaged',
    ],
  ])('%s is refused', async (_what, change, message) => {
    const tar = await tarOf([
      ['a', 'one'],
      ['big', randomBytes(5_000)],
    ]);
    await expect(read(change(tar))).rejects.toMatchObject({ name: 'ArchiveError', message });
  });
});

/** A header as GNU tar writes it for 8 GiB and more, and as some do for less. */
test('a size in binary', async () => {
  const tar = await tarOf([
    ['a', 'one'],
    ['b', 'two'],
  ]);
  tar.fill(0, 124, 136);
  tar[124] = 0x80;
  tar.writeUInt32BE(3, 132);
  tar.write('        ', 148, 'latin1');
  const sum = tar.subarray(0, 512).reduce((all, byte) => all + byte, 0);
  tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  expect((await ofFile(tar)).map(({ name, size }) => [name, size])).toEqual([
    ['a', 3],
    ['b', 3],
  ]);
});
