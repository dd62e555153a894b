import { join, resolve } from 'node:path';
import type { ArtifactsInput } from '../artifacts.ts';
import { makePolicy, programItem } from '../items.ts';
import { detectPlatform } from '../platform.ts';
import { findStored } from '../store/cache.ts';
import { fillCache } from '../store/ensure.ts';
import { makeTrust } from '../store/trust.ts';

/** The path of the pinned minikube, downloaded into the cache if missing, and proven by its pin or its publisher's checksum. */
export const ensureMinikube = async (input: ArtifactsInput): Promise<string> => {
  const { arch } = input.machine ?? (await detectPlatform());
  const cacheDir = resolve(input.cacheDir);
  // a bundle does not contain minikube: offline machines use the native provider
  const policy = { ...makePolicy(arch, input), bundles: () => [] };
  const item = programItem('minikube', input.pins.minikube, policy);
  const trust = makeTrust(input.pins.digests, input.trustMirror);
  const found = await findStored(cacheDir, item, trust);
  if (found) input.report({ name: item.name, state: 'cached', detail: item.version });
  const { dir } = found ?? (await fillCache({ minikube: item }, { ...input, cacheDir, arch, trust })).minikube;
  return join(dir, 'minikube');
};
