import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { UserError } from '../../lib/errors.ts';
import { extractFile } from '../../lib/tar.ts';
import type { Arch, ProgramPin, ReleasePin } from '../../model/pins.ts';
import type { ArtifactSource, Work } from '../item.ts';
import { downloadFile } from '../store/download.ts';
import { sourceError } from '../store/network.ts';
import { type Meter, makeMeter } from '../store/progress.ts';

/** One file to download, and the URL of its checksum. */
type ReleaseFile = {
  readonly file: string;
  /** The publisher's URL: a mirror must serve the same file. */
  readonly officialUrl: string;
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

/** A mirror serves files below their original host names. */
export const mirroredUrl = (mirror: string, url: string): string =>
  `${mirror.replace(/\/+$/, '')}/${url.replace(/^https:\/\//, '')}`;

/** The files of a release, from their publisher or a mirror. */
export const planRelease = (
  { version, files }: ProgramPin,
  release: ReleasePin,
  { arch, mirror }: { arch: Arch; mirror?: string },
): readonly ReleaseFile[] =>
  files.map((file) => {
    const fill = (template: string) => fillUrl(template, { version, arch, file });
    const at = (url: string) => (mirror ? mirroredUrl(mirror, url) : url);
    const officialUrl = fill(release.url);
    const urls = { officialUrl, url: at(officialUrl), checksumUrl: at(fill(release.checksum)) };
    return { file, ...urls, ...(release.member && { member: fill(release.member) }) };
  });

/** A file's checksum in its publisher's checksum file: a single sum, or lines of sum and name. */
export const parseChecksum = (text: string, name: string): string | undefined => {
  const lines = text.split('\n').map((line) => /^([0-9a-f]{64})(?:\s+\*?(\S+))?\s*$/i.exec(line.trim()));
  const line = lines.find((match) => match && (match[2] === undefined || basename(match[2]) === name));
  return line?.[1]?.toLowerCase();
};

const fetchChecksum = async ({ url, checksumUrl }: ReleaseFile, work: Work): Promise<string> => {
  const sum = parseChecksum(await work.network.getText(checksumUrl), basename(new URL(url).pathname));
  if (!sum) throw sourceError(`no sha256 of ${basename(url)} in ${checksumUrl}`);
  return sum;
};

const fetchFile = async (file: ReleaseFile, to: { dir: string; meter: Meter }, work: Work): Promise<void> => {
  const sha256 = await fetchChecksum(file, work);
  await work.digests.remember(file.officialUrl, sha256);
  const target = join(to.dir, file.file);
  const path = file.member ? `${target}.download` : target;
  await downloadFile({ url: file.url, sha256, to: path, onBytes: to.meter.of(file.file) }, work);
  if (!file.member) return;
  work.report('building', `unpacking ${basename(file.url)}`);
  if (!(await extractFile(path, file.member, target))) {
    throw new UserError(`${file.url} does not contain ${file.member}`, { id: 'artifact.unavailable' });
  }
  await rm(path);
};

/** Downloads an official release, or its copy on a mirror, and verifies its publisher's checksums. */
export const releaseSource = (pin: ProgramPin, release: ReleasePin, mirror?: string): ArtifactSource => ({
  name: mirror ? 'mirror' : 'release',
  make: async (dir, work) => {
    const files = planRelease(pin, release, { arch: work.arch, mirror });
    const host = new URL(files[0]?.url ?? '').host;
    work.report('downloading', `waiting for ${host}`);
    const meter = makeMeter(files.length, (detail) => work.report('downloading', `${detail} from ${host}`));
    const fetching = files.map((file) => fetchFile(file, { dir, meter }, work));
    // after a failure, no other download must still be writing
    await Promise.allSettled(fetching);
    await Promise.all(fetching);
  },
});
