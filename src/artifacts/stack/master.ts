// Tested in test/process/stack/fetched.test.ts
import { mkdir, rm } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { UserError } from '../../lib/errors.ts';
import { isThere } from '../../lib/files.ts';
import type { Command } from '../../lib/process/runner.ts';
import type { Arch } from '../../model/pins.ts';
import type { ArtifactsInput } from '../artifacts.ts';
import type { ArtifactSource, Item } from '../item.ts';
import { makePolicy } from '../items.ts';
import { detectPlatform } from '../platform.ts';
import { fetchArchive, type Origin } from '../sources/release.ts';
import { runTool } from '../sources/tool.ts';
import { findStored } from '../store/cache.ts';
import { fillCache } from '../store/ensure.ts';
import { makeTrust } from '../store/trust.ts';
import type { MasterPin } from './pins.ts';

/** The archive has one folder, with the program and `share/determined/master`. */
const unpackCommand = (archive: string, dir: string): Command => [
  ...(['tar', '-xzf', archive, '-C', dir] as const),
  ...['--no-same-owner', '--strip-components=1'],
];

const untar = {
  name: 'tar',
  missing: { id: 'artifact.unavailable', hint: 'install tar' },
  known: [],
  otherwise: { id: 'artifact.unsafe-content', hint: 'it is not what its publisher released: use another source' },
} as const;

const notARelease = (archive: string): UserError =>
  new UserError(`${archive} has no program determined-master in its folder`, {
    id: 'artifact.unsafe-content',
    hint: 'it is not what its publisher released: use another source, or name a program with --master-program PATH',
  });

const archiveSource = ({ version, url, checksum }: MasterPin, origin: Origin = {}): ArtifactSource => ({
  name: origin.mirror ? 'mirror' : 'release',
  make: async (dir, work) => {
    const path = `${dir}.download`;
    await mkdir(dir, { recursive: true });
    await fetchArchive({ version, release: { url, checksum }, to: path, origin }, work);
    work.report('building', `unpacking ${basename(url)}`);
    await runTool(work, unpackCommand(path, dir), { tool: untar });
    await rm(path);
    if (!(await isThere(join(dir, 'determined-master')))) throw notARelease(basename(url));
  },
});

/** The release archive of a master, whole. */
export const masterItem = (
  pin: MasterPin,
  input: Pick<ArtifactsInput, 'bundle' | 'mirror' | 'bundleDigest'>,
  arch: Arch,
): Item => {
  const policy = makePolicy(arch, input);
  const { mirror, isOffline } = policy;
  const key = `determined-master-${pin.version}-${arch}`;
  const sources = [
    ...policy.bundles({ key }),
    ...(mirror ? [archiveSource(pin, { mirror, isOffline })] : []),
    ...policy.unlessOffline([archiveSource(pin)]),
  ];
  return { name: 'determined-master', version: pin.version, key, sources };
};

/** The path of the pinned release's master, downloaded into the cache if missing. Throws UserError `artifact.*`. */
export const ensureMasterRelease = async (pin: MasterPin, input: ArtifactsInput): Promise<string> => {
  const { arch } = input.machine ?? (await detectPlatform());
  const cacheDir = resolve(input.cacheDir);
  const item = masterItem(pin, input, arch);
  const trust = makeTrust(input.pins.digests, input.trustMirror);
  const found = await findStored(cacheDir, item, trust);
  if (found) input.report({ name: item.name, state: 'cached', detail: item.version });
  const { dir } = found ?? (await fillCache({ master: item }, { ...input, cacheDir, arch, trust })).master;
  return join(dir, 'determined-master');
};
