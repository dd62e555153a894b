import { chmod } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Arch, ProgramPin, ReleasePin } from '../../model/pins.ts';
import type { ArtifactsInput } from '../artifacts.ts';
import type { ArtifactSource, Item } from '../item.ts';
import { detectPlatform } from '../platform.ts';
import { findStored } from '../store/cache.ts';
import { fillCache } from '../store/ensure.ts';
import { releaseSource } from './release.ts';

type Origins = Pick<ArtifactsInput, 'mirror' | 'bundle'>;

const runnable = (source: ArtifactSource, file: string): ArtifactSource => ({
  ...source,
  make: async (dir, work) => {
    await source.make(dir, work);
    await chmod(join(dir, file), 0o755);
  },
});

/** A bundle does not contain minikube: offline machines use the native provider. */
const minikubeItem = (
  pin: ProgramPin & { readonly release: ReleasePin },
  arch: Arch,
  { mirror, bundle }: Origins,
): Item => {
  const sources = [
    ...(mirror ? [releaseSource(pin, pin.release, mirror)] : []),
    ...(bundle ? [] : [releaseSource(pin, pin.release)]),
  ];
  return {
    name: 'minikube',
    version: pin.version,
    key: `minikube-${pin.version}-${arch}`,
    sources: sources.map((source) => runnable(source, 'minikube')),
  };
};

/** The path of the pinned minikube, downloaded into the cache if missing, and verified by its publisher's checksum. */
export const ensureMinikube = async (input: ArtifactsInput): Promise<string> => {
  const { arch } = input.machine ?? (await detectPlatform());
  const cacheDir = resolve(input.cacheDir);
  const item = minikubeItem(input.pins.minikube, arch, input);
  const found = await findStored(cacheDir, item.key);
  if (found) input.report({ name: item.name, state: 'cached', detail: item.version });
  const { dir } = found ?? (await fillCache({ minikube: item }, { ...input, cacheDir, arch })).minikube;
  return join(dir, 'minikube');
};
