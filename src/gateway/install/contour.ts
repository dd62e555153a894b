import { setTimeout as pause } from 'node:timers/promises';
import { isNotFound, type Kube } from '../../lib/kube/client.ts';
import type { KubeObject } from '../../lib/kube/types.ts';
import type { Report } from '../../lib/progress.ts';
import { type Verdict, waitUntil } from '../../lib/wait.ts';
import { instanceLabel } from '../../model/labels.ts';
import type { WaitInput } from '../ready/address.ts';
import { isEstablished } from '../ready/conditions.ts';
import { crdKind, type GatewaySpec, gatewaysCRDName } from '../spec.ts';
import { applyPolicies } from './admission-policies.ts';
import { type CRD, hasRoomFor, raiseListenerLimit } from './listener-limit.ts';
import { adaptManifest, type Manifest } from './manifest.ts';

export type InstallInput = WaitInput & {
  readonly kube: Kube;
  /** As read by {@link parseManifest}; adapted here. */
  readonly manifest: Manifest;
  readonly spec: GatewaySpec;
  /** `keep` only raises the listener limit of the installed Gateway API; see chooseCRDs. */
  readonly crds?: 'install' | 'keep';
  readonly report?: Report;
};

/**
 * Applies everything that the provisioner needs (CRDs, roles and admission policies (they raise Contour's API rate)) concurrently, and waits until the
 * CRDs are established. Throws UserError `gateway.crds-not-established` at the deadline.
 */
export const installContour = async (input: InstallInput): Promise<void> => {
  const { kube, spec, report } = input;
  const { crds, rest } = adaptManifest(input.manifest, spec);
  const keeps = input.crds === 'keep';
  const applied = keeps ? crds.filter((crd) => !isGatewayAPI(crd)) : crds;
  report?.(`applying ${applied.length} CustomResourceDefinitions`);
  await Promise.all([
    establish(applied, input),
    keeps && raiseInstalledLimit(kube, spec.listenerLimit),
    applyInOrder(kube, rest, input.signal),
    applyPolicies(kube, spec, report),
  ]);
};

/** Applies the provisioner. Its pod may still be pending when this returns. */
export const applyProvisioner = async ({ kube, spec, manifest }: InstallInput): Promise<void> => {
  await kube.apply(adaptManifest(manifest, spec).provisioner);
};

const isGatewayAPI = ({ spec }: CRD): boolean => /^gateway\.networking\.(x-)?k8s\.io$/.test(spec.group);

/** Raises the listener limit of a Gateway CRD that taskgate did not install; never lowers it, changes nothing else. */
const raiseInstalledLimit = async (kube: Kube, limit: number): Promise<void> => {
  const crd = await kube.get<CRD>({ ...crdKind, metadata: { name: gatewaysCRDName } });
  if (!hasRoomFor(crd, limit)) await kube.update(raiseListenerLimit(crd, limit));
};

const establish = async (crds: readonly CRD[], { kube, spec, timeoutMs, signal }: InstallInput): Promise<void> => {
  const written = await Promise.all(crds.map((crd) => kube.apply(crd)));
  if (written.every((crd) => isEstablished(crd) === true)) return;
  const names = new Set(crds.map(({ metadata }) => metadata.name));
  await waitUntil(
    'CustomResourceDefinitions',
    (until) => kube.watch<CRD>({ ...crdKind, labelSelector: `${instanceLabel}=${spec.instance}` }, until),
    (seen) => areEstablished(seen, names),
    { timeoutMs, id: 'gateway.crds-not-established', signal },
  );
};

const areEstablished = (seen: readonly CRD[], names: ReadonlySet<string>): Verdict => {
  const wanted = seen.filter(({ metadata }) => names.has(metadata.name));
  const verdict = wanted.map(isEstablished).find((one) => one !== true);
  if (verdict) return verdict;
  return wanted.length === names.size || `${wanted.length} of ${names.size} seen`;
};

/** How long the API server may take to see a role that it has just stored; it reads roles from a cache of its own. */
const roleSeenMs = 10_000;
const againMs = 50;

/** For a user without `bind` the API server looks at what the role allows; one that it does not see is a 404. */
const applyBinding = async (kube: Kube, binding: KubeObject, signal?: AbortSignal): Promise<void> => {
  const late = AbortSignal.timeout(roleSeenMs);
  for (;;) {
    try {
      await kube.apply(binding);
      return;
    } catch (error) {
      if (!isNotFound(error) || late.aborted) throw error;
    }
    await pause(againMs, undefined, { ...(signal && { signal }) });
  }
};

const isNamespace = ({ kind }: KubeObject): boolean => kind === 'Namespace';
const isBinding = ({ kind }: KubeObject): boolean => kind.endsWith('RoleBinding');

/** The Namespace comes first, as other objects are in it, and bindings last, as they name roles. */
const applyInOrder = async (kube: Kube, objects: readonly KubeObject[], signal?: AbortSignal): Promise<void> => {
  for (const object of objects.filter(isNamespace)) await kube.apply(object);
  const others = objects.filter((object) => !isNamespace(object) && !isBinding(object));
  await Promise.all(others.map((object) => kube.apply(object)));
  await Promise.all(objects.filter(isBinding).map((object) => applyBinding(kube, object, signal)));
};
