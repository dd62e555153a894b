import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { inject, onTestFinished } from 'vitest';
import { takeSettledSnapshot } from '../../../scripts/testbed/objects.ts';
import { applyGateway } from '../../../src/gateway/install/gateway.ts';
import { type Manifest, parseManifest } from '../../../src/gateway/install/manifest.ts';
import type { GatewaySpec } from '../../../src/gateway/spec.ts';
import { messageOf } from '../../../src/lib/errors.ts';
import { connect, type Kube } from '../../../src/lib/kube/client.ts';
import type { KubeObject } from '../../../src/lib/kube/types.ts';
import { polling, waitUntil } from '../../../src/lib/wait.ts';
import type { GatewayEndpoint } from '../../../src/model/gateway-endpoint.ts';
import type { InstanceIdentity } from '../../../src/model/labels.ts';
import { gatewaySpec } from './gateway.ts';

/** The administrator's client of the server that all tests of a run share. */
export const administrator = (): Kube => connect(inject('apiServer').kubeconfig);

export const readManifest = async (): Promise<Manifest> =>
  parseManifest(await readFile(inject('apiServer').manifestPath, 'utf8'));

/** An instance that nobody else has. */
export const newInstance = (): InstanceIdentity & { readonly instanceId: string } => {
  const instanceId = randomUUID();
  return { instance: `i${instanceId.slice(0, 8)}`, instanceId };
};

export const namespaceOf = (name: string, labels: Readonly<Record<string, string>> = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels },
});

/** A namespace for one test, which ends with it. */
export const newNamespace = async (kube: Kube, labels: Readonly<Record<string, string>> = {}): Promise<string> => {
  const name = `t-${randomUUID().slice(0, 8)}`;
  await kube.create(namespaceOf(name, labels));
  onTestFinished(async () => void (await kube.remove(namespaceOf(name))));
  return name;
};

/** Waits until a look at the server gives what is wanted. */
export const untilSeen = async (what: string, look: () => Promise<true | string>): Promise<void> => {
  const source = polling(async () => look().catch(messageOf), 20);
  await waitUntil(what, source, (verdict) => verdict, { timeoutMs: 60_000, id: 'cluster.api' });
};

/** Pods need the account that a controller gives each namespace. */
export const untilPodsAdmitted = (kube: Kube, namespace: string): Promise<void> =>
  untilSeen('the account of the namespace', async () => {
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace } };
    return (await kube.find(account)) ? true : 'not there';
  });

const systemNamespaces = ['default', 'kube-node-lease', 'kube-public', 'kube-system'];
const ofEachNamespace = [
  { apiVersion: 'v1', kind: 'ServiceAccount', name: 'default' },
  { apiVersion: 'v1', kind: 'ConfigMap', name: 'kube-root-ca.crt' },
];

/** Waits until the controllers of a new server have made what they always make, and the cluster has come to rest. */
export const untilSettled = async (kube: Kube): Promise<void> => {
  for (const namespace of systemNamespaces)
    for (const { name, ...kind } of ofEachNamespace)
      await untilSeen(`${kind.kind} ${namespace}/${name}`, async () =>
        (await kube.find({ ...kind, metadata: { name, namespace } })) ? true : 'not there',
      );
  await takeSettledSnapshot(kube);
};

/** A Gateway of one test in a namespace of its own, with the seed listener that `up` writes. */
export const newGateway = async (kube: Kube): Promise<GatewaySpec> => {
  const owner = newInstance();
  const namespace = await newNamespace(kube);
  const spec: GatewaySpec = { ...gatewaySpec, ...owner, namespace, className: owner.instance };
  await applyGateway(kube, spec);
  onTestFinished(async () => {
    const metadata = { name: spec.className };
    await kube.remove({ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'GatewayClass', metadata });
  });
  return spec;
};

/** The Gateway as the proof is given it. */
export const endpointOf = ({ name, namespace, portRange, listenerLimit }: GatewaySpec): GatewayEndpoint => ({
  ...{ name, namespace, portRange, address: '127.0.0.1' },
  capacity: { limit: listenerLimit - 1, because: 'of its CRD' },
});
