import { rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ArchiveError, extractFile } from '../../lib/archive/tar.ts';
import { messageOf, UserError } from '../../lib/errors.ts';
import type { Mirror } from '../../lib/http/mirror.ts';
import type { Arch, ProgramPin, ReleasePin } from '../../model/pins.ts';
import type { ArtifactSource, Work } from '../item.ts';
import { downloadFile } from '../store/download.ts';
import { sourceError } from '../store/network.ts';
import { type Meter, makeMeter } from '../store/progress.ts';
import type { Proof } from '../store/trust.ts';

/** One file to download, and where its checksum is: at its publisher, whose word counts, and at the mirror. */
type ReleaseFile = {
  readonly file: string;
  /** The publisher's URL: a mirror must serve the same file. */
  readonly officialUrl: string;
  readonly officialChecksumUrl: string;
  readonly url: string;
  readonly checksumUrl: string;
  readonly member?: string;
};

const machines: Readonly<Record<Arch, string>> = { amd64: 'x86_64', arm64: 'aarch64' };

/** Fills in `${version}` (v1.2.3), `${number}` (1.2.3), `${arch}`, `${machine}` and `${file}`. */
export const fillUrl = (template: string, { version, arch, file }: { version: string; arch: Arch; file: string }) => {
  const number = version.replace(/^v/, '');
  const values = new Map(Object.entries({ version, number, arch, machine: machines[arch], file }));
  return template.replace(/\$\{(\w+)\}/g, (placeholder, name: string) => {
    const value = values.get(name);
    if (value === undefined) throw new Error(`${placeholder} in ${template} is not a known placeholder`);
    return value;
  });
};

/** A mirror, given by its URL without a trailing slash, serves files below their original host names. */
export const mirroredUrl = (mirror: string, url: string): string => `${mirror}/${url.replace(/^https:\/\//, '')}`;

/** The files of a release, from their publisher or a mirror. */
export const planRelease = (
  { version, files }: ProgramPin,
  release: ReleasePin,
  { arch, mirror }: { arch: Arch; mirror?: Mirror },
): readonly ReleaseFile[] =>
  files.map((file) => {
    const fill = (template: string) => fillUrl(template, { version, arch, file });
    const at = (url: string) => (mirror ? mirroredUrl(mirror.url, url) : url);
    const officialUrl = fill(release.url);
    const officialChecksumUrl = fill(release.checksum);
    const urls = { officialUrl, officialChecksumUrl, url: at(officialUrl), checksumUrl: at(officialChecksumUrl) };
    return { file, ...urls, ...(release.member && { member: fill(release.member) }) };
  });

/** A file's checksum in its publisher's checksum file: a single sum, or lines of sum and name. */
export const parseChecksum = (text: string, name: string): string | undefined => {
  const lines = text.split('\n').map((line) => /^([0-9a-f]{64})(?:\s+\*?(\S+))?\s*$/i.exec(line.trim()));
  const line = lines.find((match) => match && (match[2] === undefined || basename(match[2]) === name));
  return line?.[1]?.toLowerCase();
};

/** The SHA-256 of a file in its publisher's checksum file. */
export const fetchChecksum = async (
  url: string,
  checksumUrl: string,
  { network }: Pick<Work, 'network'>,
): Promise<string> => {
  const sum = parseChecksum(await network.getText(checksumUrl), basename(new URL(url).pathname));
  if (!sum) throw sourceError(`no sha256 of ${basename(url)} in ${checksumUrl}`);
  return sum;
};

const mirrorUnproven = (url: string, reason: string, cause?: unknown): UserError =>
  new UserError(`nothing but the mirror itself proves ${url}: it is not pinned, and ${reason}`, {
    id: 'artifact.mirror-unproven',
    hint: 'let this machine reach the publisher, whose checksum is a proof; or trust the mirror by --trust-mirror true',
    cause,
  });

export type Origin = {
  readonly mirror?: Mirror /** Whether only the mirror may be asked. */;
  readonly isOffline?: boolean;
};

/**
 * What a file must be, and who says so: the pin, else its publisher over https, else the mirror if the user trusts it.
 * Throws UserError `artifact.mirror-unproven`.
 */
const findProof = async (file: ReleaseFile, { mirror, isOffline }: Origin, work: Work): Promise<Proof> => {
  const { officialUrl: of, officialChecksumUrl, url, checksumUrl } = file;
  const pinned = work.trust.pinned(of);
  if (pinned) return { of, sha256: pinned, by: 'pin' };
  const ofMirror = async (): Promise<Proof> => ({
    ...{ of, by: 'mirror' },
    sha256: await fetchChecksum(url, checksumUrl, work),
  });
  if (isOffline && work.trust.trustMirror) return ofMirror();
  if (isOffline) throw mirrorUnproven(url, 'with a bundle, its publisher is not asked');
  try {
    if (!officialChecksumUrl.startsWith('https://')) throw sourceError(`${officialChecksumUrl} is not https`);
    return { of, sha256: await fetchChecksum(of, officialChecksumUrl, work), by: 'publisher' };
  } catch (error) {
    work.signal.throwIfAborted();
    if (!mirror || !(error instanceof UserError)) throw error;
    if (work.trust.trustMirror) return ofMirror();
    throw mirrorUnproven(url, `its publisher's checksum cannot be had: ${messageOf(error)}`, error);
  }
};

/** More than any pinned archive unpacks to. */
const unpackLimit = 1024 ** 3;

const unpack = async (path: string, { url, member = '' }: ReleaseFile, target: string): Promise<void> => {
  try {
    if (await extractFile(path, { member, to: target, limit: unpackLimit })) return;
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    throw new UserError(`${url}: ${error.message}`, {
      id: 'artifact.unsafe-content',
      hint: 'it is not what its publisher released: use another source',
      cause: error,
    });
  }
  throw new UserError(`${url} does not contain ${member}`, { id: 'artifact.unavailable' });
};

type FetchOptions = { readonly dir: string; readonly meter: Meter; readonly origin: Origin };

const fetchFile = async (file: ReleaseFile, { dir, meter, origin }: FetchOptions, work: Work): Promise<void> => {
  const proof = await findProof(file, origin, work);
  const { sha256, by } = proof;
  // what only the mirror says must not be taken for the publisher's later on
  if (by !== 'pin') await work.digests.remember(by === 'mirror' ? file.url : file.officialUrl, sha256);
  const target = join(dir, file.file);
  const path = file.member ? `${target}.download` : target;
  await downloadFile({ url: file.url, sha256, to: path, onBytes: meter.of(file.file) }, work);
  work.prove(proof);
  if (!file.member) return;
  work.report('building', `unpacking ${basename(file.url)}`);
  await unpack(path, file, target);
  await rm(path);
};

type ArchivePlan = {
  readonly version: string;
  readonly release: ReleasePin;
  readonly to: string;
  readonly origin: Origin;
};

/** Downloads one archive of a release as it is, proven as {@link releaseSource} proves its files. */
export const fetchArchive = async ({ version, release, to, origin }: ArchivePlan, work: Work): Promise<void> => {
  const file = basename(to);
  const [plan] = planRelease({ version, files: [file] }, release, { arch: work.arch, ...origin });
  if (!plan) throw new Error('one file was planned');
  const { host } = new URL(plan.url);
  work.report('downloading', `waiting for ${host}`);
  const meter = makeMeter(1, (detail) => work.report('downloading', `${detail} from ${host}`));
  await fetchFile(plan, { dir: dirname(to), meter, origin }, work);
};

/** Downloads an official release, or its copy on a mirror, proven by its pin or its publisher's checksum. */
export const releaseSource = (pin: ProgramPin, release: ReleasePin, origin: Origin = {}): ArtifactSource => ({
  name: origin.mirror ? 'mirror' : 'release',
  make: async (dir, work) => {
    const files = planRelease(pin, release, { arch: work.arch, ...origin });
    const host = new URL(files[0]?.url ?? '').host;
    work.report('downloading', `waiting for ${host}`);
    const meter = makeMeter(files.length, (detail) => work.report('downloading', `${detail} from ${host}`));
    const fetching = files.map((file) => fetchFile(file, { dir, meter, origin }, work));
    // after a failure, no other download must still be writing
    await Promise.allSettled(fetching);
    await Promise.all(fetching);
  },
});
