import type { ByteSource } from './byte-source.ts';
import { ArchiveError } from './tar.ts';

/** A file, folder or link in a tar, and where it lies there, in bytes from the tar's beginning. */
export type TarMember = {
  /** Without a leading `./`. */
  readonly name: string;
  readonly isFile: boolean;
  readonly size: number;
  /** Of its headers. */
  readonly start: number;
  /** Behind its content and what fills the last block. */
  readonly end: number;
  /** Of a small file. */
  readonly content?: Buffer;
};

const block = 512;
const padded = (size: number): number => Math.ceil(size / block) * block;

const textAt = (header: Buffer, from: number, length: number): string => {
  const bytes = header.subarray(from, from + length);
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end === -1 ? length : end);
};

/** Octal, or from 8 GiB on binary with the first bit set, as GNU tar has it. */
const numberAt = (header: Buffer, from: number, length: number): number => {
  const first = header[from] ?? 0;
  if (first & 0x80) return Number(header.readBigUInt64BE(from + length - 8));
  return Number.parseInt(textAt(header, from, length).trim() || '0', 8);
};

/** The sum of a header's bytes, with spaces where the sum itself stands. */
const isSound = (header: Buffer): boolean => {
  const sum = header.reduce((all, byte, at) => all + (at >= 148 && at < 156 ? 32 : byte), 0);
  return sum === numberAt(header, 148, 8);
};

/** `path` and `size` of a header of pax: lines of `LENGTH KEY=VALUE`. */
const parsePax = (content: Buffer): More => {
  const values = new Map([...content.toString('utf8').matchAll(/^\d+ ([^=\n]+)=(.*)$/gm)].map(([, k, v]) => [k, v]));
  const [path, size] = [values.get('path'), values.get('size')];
  return { ...(path !== undefined && { path }), ...(size !== undefined && { size: Number(size) }) };
};

const nameOf = (header: Buffer): string => {
  const prefix = textAt(header, 257, 5) === 'ustar' ? textAt(header, 345, 155) : '';
  return `${prefix ? `${prefix}/` : ''}${textAt(header, 0, 100)}`;
};

/** Where a tar's members are read, and how far. */
type Cursor = { readonly source: ByteSource; position: number };

const endsIn = (what: string): ArchiveError => new ArchiveError(`it ends in the middle of ${what}`);

const takeContent = async (cursor: Cursor, size: number, what: string): Promise<Buffer> => {
  const content = await cursor.source.read(size);
  const rest = padded(size) - size;
  if (content.length < size || (await cursor.source.skip(rest)) < rest) throw endsIn(what);
  cursor.position += padded(size);
  return content;
};

const skipContent = async (cursor: Cursor, size: number, what: string): Promise<void> => {
  if ((await cursor.source.skip(padded(size))) < padded(size)) throw endsIn(what);
  cursor.position += padded(size);
};

const isEmpty = (header: Buffer): boolean => header.every((byte) => byte === 0);

/** The next header; undefined at the end: two empty blocks, which some writers leave out. */
const takeHeader = async (cursor: Cursor): Promise<Buffer | undefined> => {
  const header = await cursor.source.read(block);
  const isFirst = cursor.position === 0;
  if (isFirst && header.length === 0) throw new ArchiveError('it is empty');
  if (isFirst && (header.length < block || isEmpty(header) || !isSound(header))) throw new ArchiveError('it is no tar');
  if (header.length === 0 || (header.length === block && isEmpty(header))) return undefined;
  if (header.length < block) throw endsIn('a header');
  if (!isSound(header)) throw damaged();
  cursor.position += block;
  return header;
};

const damaged = (): ArchiveError => new ArchiveError('a header in it is damaged');

const sizeOf = (header: Buffer): number => {
  const size = numberAt(header, 124, 12);
  if (!Number.isSafeInteger(size) || size < 0) throw damaged();
  return size;
};

const typeOf = (header: Buffer): string => String.fromCharCode(header[156] ?? 0);

type More = { readonly path?: string; readonly size?: number };

const longestExtension = 2 ** 20;

/** The headers before a member's own that say more of it, of pax and of GNU tar; others of theirs say nothing of its place. */
const extensions: Readonly<Record<string, (content: Buffer) => More>> = {
  x: parsePax,
  L: (content) => ({ path: textAt(content, 0, content.length) }),
  g: () => ({}),
  K: () => ({}),
};

/** A member's own header, after those that say more of it. */
const takeHeaders = async (cursor: Cursor): Promise<{ readonly header: Buffer; readonly more: More } | undefined> => {
  let more: More = {};
  for (;;) {
    const header = await takeHeader(cursor);
    if (!header) return undefined;
    const parse = extensions[typeOf(header)];
    if (!parse) return { header, more };
    if (sizeOf(header) > longestExtension) throw damaged();
    more = { ...more, ...parse(await takeContent(cursor, sizeOf(header), 'a header')) };
  }
};

/**
 * What is in a tar, in order, with the content of files of up to `smallBytes`. Throws {@link ArchiveError} for what is no tar,
 * and for one that ends early.
 *
 * Not tar-stream's: it reads every byte, and tells no places.
 */
export async function* tarMembers(source: ByteSource, smallBytes: number): AsyncGenerator<TarMember> {
  const cursor = { source, position: 0 };
  for (;;) {
    const start = cursor.position;
    const headers = await takeHeaders(cursor);
    if (!headers) return;
    const { header, more } = headers;
    const name = (more.path ?? nameOf(header)).replace(/^\.\//, '');
    const isFile = ['0', '\0', '7'].includes(typeOf(header));
    const size = isFile ? (more.size ?? sizeOf(header)) : 0;
    if (!Number.isSafeInteger(size) || size < 0) throw damaged();
    const isSmall = isFile && size <= smallBytes;
    const content = isSmall ? await takeContent(cursor, size, name) : await skipContent(cursor, size, name);
    yield { name, isFile, size, start, end: cursor.position, ...(content && { content }) };
  }
}
