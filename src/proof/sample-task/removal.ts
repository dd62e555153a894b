import { isNotFound, type Kube } from '../../lib/kube/client.ts';
import type { Gateway } from '../../lib/kube/shapes.ts';
import type { KubeObject } from '../../lib/kube/types.ts';
import { polling, waitUntil } from '../../lib/wait.ts';
import { gatewayRef } from '../../model/gateway-api.ts';
import type { GatewayName } from '../../model/gateway-endpoint.ts';
import type { InstanceIdentity } from '../../model/labels.ts';
import { listenerName, portsOf } from '../../model/task-listener.ts';
import { allocationOf, taskKinds } from '../../model/task-objects.ts';
import { removeListeners } from './listeners.ts';
import { isOwned } from './owner.ts';
import { isAllocationOf, type SampleTask, sampleSelector } from './task.ts';

/** Where an instance's sample tasks are, and which of their allocations are selected. */
type Scope = InstanceIdentity & {
  readonly namespace: string;
  readonly gateway: GatewayName;
  readonly isSelected: (allocationId: string) => boolean;
};

const removalTimeoutMs = 10_000;
const pollPauseMs = 200;
type Kind = (typeof taskKinds)[number];

/** Empty if the API server does not serve the kind or has no such Gateway. */
const unlessNotFound = async <T>(reading: Promise<readonly T[]>): Promise<readonly T[]> => {
  try {
    return await reading;
  } catch (error) {
    if (isNotFound(error)) return [];
    throw error;
  }
};

const listOf = (kube: Kube, kind: Kind, scope: Scope): Promise<readonly KubeObject[]> =>
  unlessNotFound(
    kube
      .list({ ...kind, namespace: scope.namespace, labelSelector: sampleSelector(scope) })
      .then((objects) => objects.filter((object) => scope.isSelected(allocationOf(object)))),
  );

const removeKind = async (kube: Kube, kind: Kind, scope: Scope): Promise<readonly string[]> => {
  const objects = await listOf(kube, kind, scope);
  const removing = objects.map((object) => kube.remove({ ...object, ...kind }));
  await Promise.allSettled(removing);
  await Promise.all(removing);
  return objects.map(({ metadata }) => `${kind.kind} ${metadata.name}`);
};

const verifyKindGone = (kube: Kube, kind: Kind, scope: Scope): Promise<unknown> =>
  waitUntil(
    `Removal of ${kind.kind}`,
    (signal) => kube.watch({ ...kind, namespace: scope.namespace, labelSelector: sampleSelector(scope) }, signal),
    (objects) => objects.find((object) => scope.isSelected(allocationOf(object)))?.metadata.name ?? true,
    { timeoutMs: removalTimeoutMs, id: 'proof.not-removed', hint: 'check its finalizers' },
  );

/** Polls the Gateway instead of watching it: the master's rights on it are get and update only. */
const verifyListenersGone = (kube: Kube, { gateway, isSelected }: Scope, ports: readonly number[]): Promise<unknown> =>
  waitUntil(
    `Removal of listeners from Gateway ${gateway.name}`,
    polling(() => kube.find<Gateway>(gatewayRef(gateway)), pollPauseMs),
    (live) => {
      if (!live) return true;
      const annotated = portsOf(live, isSelected);
      const listening = ports.filter((port) => live.spec.listeners.some(({ name }) => name === listenerName(port)));
      const left = [...annotated, ...listening].map(listenerName);
      return left.length === 0 || `${left.join(', ')} still exists`;
    },
    { timeoutMs: removalTimeoutMs, id: 'proof.not-removed', hint: 'check for another client that changes the Gateway' },
  );

const removeSelected = async (kube: Kube, scope: Scope): Promise<readonly string[]> => {
  const removing = [
    unlessNotFound(removeListeners(kube, scope.gateway, scope.isSelected)),
    ...taskKinds.map((kind) => removeKind(kube, kind, scope)),
  ] as const;
  // after a refusal, no other removal must still be on its way
  await Promise.allSettled(removing);
  const [ports, ...objects] = await Promise.all(removing);
  const removed = objects.flat();
  const touched = taskKinds.filter(({ kind }) => removed.some((one) => one.startsWith(`${kind} `)));
  await Promise.all([
    ports.length > 0 && verifyListenersGone(kube, scope, ports),
    ...touched.map((kind) => verifyKindGone(kube, kind, scope)),
  ]);
  return [...ports.map((port) => `listener ${listenerName(port)} and its annotation`), ...removed];
};

/**
 * Removes a sample task's Job, Services, TCPRoutes, listeners and annotations, verifies that, and returns what it
 * removed. Throws a UserError `proof.not-removed` after 10 s, or KubeError for a refusal.
 */
export const removeSampleTask = (kube: Kube, task: SampleTask, gateway: GatewayName): Promise<readonly string[]> =>
  removeSelected(kube, { ...task, gateway, isSelected: (allocationId) => allocationId === task.allocationId });

/** Removes in the same way the leftovers of this instance's killed runs. */
export const removeLeftovers = async (kube: Kube, where: Omit<Scope, 'isSelected'>): Promise<readonly string[]> => {
  const jobs = await kube.list({
    apiVersion: 'batch/v1',
    kind: 'Job',
    namespace: where.namespace,
    labelSelector: sampleSelector(where),
  });
  const owned = jobs.filter(({ metadata }) => isOwned(metadata)).map(allocationOf);
  const isSelected = (allocationId: string) => isAllocationOf(where, allocationId) && !owned.includes(allocationId);
  return removeSelected(kube, { ...where, isSelected });
};
