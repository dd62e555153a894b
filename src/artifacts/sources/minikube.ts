import { join, resolve } from 'node:path';
import type { Arch } from '../../model/pins.ts';
import type { ArtifactsInput } from '../artifacts.ts';
import type { Item } from '../item.ts';
import { makePolicy, programItem } from '../items.ts';
import { detectPlatform } from '../platform.ts';
import { findStored } from '../store/cache.ts';
import { fillCache } from '../store/ensure.ts';
import { makeTrust } from '../store/trust.ts';

/** A bundle does not contain minikube: offline machines use the native provider. */
export const minikubeItem = (input: ArtifactsInput, arch: Arch): Item =>
  programItem('minikube', input.pins.minikube, { ...makePolicy(arch, input), bundles: () => [] });

/** The path of the pinned minikube, downloaded into the cache if missing, and proven by its pin or its publisher's checksum. */
export const ensureMinikube = async (input: ArtifactsInput): Promise<string> => {
  const { arch } = input.machine ?? (await detectPlatform());
  const cacheDir = resolve(input.cacheDir);
  const item = minikubeItem(input, arch);
  const trust = makeTrust(input.pins.digests, input.trustMirror);
  const found = await findStored(cacheDir, item, trust);
  if (found) input.report({ name: item.name, state: 'cached', detail: item.version });
  const { dir } = found ?? (await fillCache({ minikube: item }, { ...input, cacheDir, arch, trust })).minikube;
  return join(dir, 'minikube');
};
