import type { Kube, KubeObject } from '../lib/kube.ts';
import { type Verdict, waitUntil } from '../lib/wait.ts';
import { releaseBrakes } from './brakes.ts';
import { isEstablished } from './conditions.ts';
import type { CRD } from './crd-patch.ts';
import { adaptManifest, type Manifest } from './manifest.ts';
import type { WaitInput } from './publication.ts';
import { crdKind, type GatewaySpec, instanceLabel, type Report } from './spec.ts';

export type InstallInput = WaitInput & {
  readonly kube: Kube;
  /** As {@link parseManifest} read it; adapted here. */
  readonly manifest: Manifest;
  readonly spec: GatewaySpec;
  readonly report?: Report;
};

/**
 * Applies CRDs, roles and admission policies side by side, waits until the CRDs are established, then applies the
 * provisioner. Needs an API server only: pods may still pend when this is done.
 * Throws UserError `gateway.crds-not-established` at the deadline.
 */
export const installContour = async (input: InstallInput): Promise<void> => {
  const { kube, spec, report } = input;
  const { crds, rest, provisioner } = adaptManifest(input.manifest, spec);
  report?.(`applying ${crds.length} CustomResourceDefinitions`);
  await Promise.all([establish(crds, input), applyInOrder(kube, rest), releaseBrakes(kube, spec, report)]);
  await kube.apply(provisioner);
};

const establish = async (crds: readonly CRD[], { kube, spec, timeoutMs, signal }: InstallInput): Promise<void> => {
  const applied = await Promise.all(crds.map((crd) => kube.apply(crd)));
  if (applied.every((crd) => isEstablished(crd) === true)) return;
  const names = new Set(crds.map(({ metadata }) => metadata.name));
  await waitUntil(
    'CustomResourceDefinitions',
    (until) => kube.watch<CRD>({ ...crdKind, labelSelector: `${instanceLabel}=${spec.instance}` }, until),
    (seen) => areEstablished(seen, names),
    { timeoutMs, id: 'gateway.crds-not-established', ...(signal && { signal }) },
  );
};

const areEstablished = (seen: readonly CRD[], names: ReadonlySet<string>): Verdict => {
  const wanted = seen.filter(({ metadata }) => names.has(metadata.name));
  const verdict = wanted.map(isEstablished).find((one) => one !== true);
  if (verdict) return verdict;
  return wanted.length === names.size || `${wanted.length} of ${names.size} seen`;
};

/** The Namespace comes first: the others live in it. */
const applyInOrder = async (kube: Kube, objects: readonly KubeObject[]): Promise<void> => {
  const isNamespace = ({ kind }: KubeObject): boolean => kind === 'Namespace';
  for (const object of objects.filter(isNamespace)) await kube.apply(object);
  await Promise.all(objects.filter((object) => !isNamespace(object)).map((object) => kube.apply(object)));
};
