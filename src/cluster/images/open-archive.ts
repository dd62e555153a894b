import { type FileHandle, open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { bytesOfFile, bytesOfStream } from '../../lib/archive/byte-source.ts';
import { type TarMember, tarMembers } from '../../lib/archive/members.ts';
import { ArchiveError } from '../../lib/archive/tar.ts';
import { messageOf, UserError } from '../../lib/errors.ts';

/** What archives are packed with: by their first bytes. */
const packings = [
  { packing: 'gzip', magic: '1f8b', unpack: createGunzip },
  { packing: 'zstd', magic: '28b52ffd', unpack: createZstdDecompress },
  { packing: 'xz', magic: 'fd377a585a00', unpack: undefined },
  { packing: 'bzip2', magic: '425a68', unpack: undefined },
] as const;

/** A tar on disk, perhaps packed, and what is in it. */
export type Tar = {
  readonly path: string;
  /** Of the file. */
  readonly bytes: number;
  /** Of the tar in it, as far as its end or padding. */
  readonly size: number;
  readonly packing?: 'gzip' | 'zstd';
  readonly members: ReadonlyMap<string, TarMember>;
};

/** Throws UserError `artifact.image-archive`. */
export const badArchive = (path: string, why: string, cause?: unknown): UserError =>
  new UserError(`${path} is no archive of images that can be loaded: ${why}`, {
    id: 'artifact.image-archive',
    hint: 'make it by `docker save IMAGE -o FILE`, `podman save`, or another tool that writes OCI archives; was it copied to its end?',
    cause,
  });

const noFile = (path: string, why: string, cause?: unknown): UserError =>
  new UserError(`cannot read ${path}: ${why}`, {
    id: 'usage.no-file',
    hint: 'give the path of an archive of images, or the name of an image; a folder with an OCI layout can be packed: tar -C FOLDER -cf FILE .',
    cause,
  });

/** Descriptions of images are a few kB; what is larger is a layer. */
const smallBytes = 2 ** 20;
const keptBytes = 2 ** 26;

const firstBytes = async (file: FileHandle): Promise<string> => {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(6), 0, 6, 0);
  return buffer.toString('hex', 0, bytesRead);
};

const findPacking = async (file: FileHandle, path: string) => {
  const magic = await firstBytes(file);
  const found = packings.find((one) => magic.startsWith(one.magic));
  if (found && !found.unpack) throw badArchive(path, `it is packed by ${found.packing}; unpack it first`);
  return found?.unpack && { packing: found.packing, unpack: found.unpack };
};

const isOfZlib = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && /^(Z_|ZSTD_|ERR_)/.test(String(error.code));

const readMembers = async (members: AsyncIterable<TarMember>, signal: AbortSignal) => {
  const found = new Map<string, TarMember>();
  let [size, kept] = [0, 0];
  for await (const { content, ...member } of members) {
    signal.throwIfAborted();
    const isKept = content !== undefined && kept + content.length <= keptBytes;
    if (isKept) kept += content.length;
    found.set(member.name, { ...member, ...(isKept && { content }) });
    size = member.end;
  }
  return { members: found, size };
};

/** The bytes of a file, unpacked. The stream ends with an error of `read` or of the unpacking. */
export const unpackedStream = (file: Readable, packing: Tar['packing']): Readable => {
  const unpack = packings.find((one) => one.packing === packing)?.unpack;
  if (!unpack) return file;
  const unpacked = unpack();
  file.once('error', (error) => unpacked.destroy(error));
  unpacked.once('close', () => file.destroy());
  return file.pipe(unpacked);
};

/**
 * Reads what is in an archive: of a plain one only the headers, a packed one is unpacked once for it. Throws UserError
 * `usage.no-file` where it cannot be read, and `artifact.image-archive` for what is no tar, ends early or is damaged.
 */
export const openTar = async (path: string, signal: AbortSignal): Promise<Tar> => {
  const file = await open(path).catch((cause: unknown) => {
    throw noFile(path, messageOf(cause), cause);
  });
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw noFile(path, 'it is a folder or a device');
    const bytes = stats.size;
    const packed = await findPacking(file, path);
    const stream = packed && unpackedStream(file.createReadStream({ start: 0, autoClose: false }), packed.packing);
    const source = stream ? bytesOfStream(stream) : bytesOfFile(file, bytes);
    const read = await readMembers(tarMembers(source, smallBytes), signal);
    stream?.destroy();
    return { path, bytes, ...read, ...(packed && { packing: packed.packing }) };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof ArchiveError) && !isOfZlib(error)) throw error;
    throw badArchive(path, error instanceof ArchiveError ? error.message : `it is damaged: ${messageOf(error)}`, error);
  } finally {
    await file.close();
  }
};
