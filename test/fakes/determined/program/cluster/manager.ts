/** A resource manager of type kubernetes: its connection, and what it looks at before it is ready, in the real one's order and words. */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { messageOf } from '../../../../../src/lib/errors.ts';
import type { Fields } from '../../../../../src/lib/json.ts';
import { connect, isNotFound, type Kube } from '../../../../../src/lib/kube/client.ts';
import { type KubeHttp, kubeHttp } from '../../../../../src/lib/kube/http.ts';
import type { KubeObject } from '../../../../../src/lib/kube/types.ts';
import type { ResourceManager } from '../config/settings.ts';
import type { Log } from '../log.ts';
import { keepWatch, type WatchSpec } from './watch.ts';

export type Cluster = { readonly manager: ResourceManager; readonly kube: Kube; readonly http: KubeHttp };

const fail = (what: string, error: unknown): Error =>
  new Error(`could not initialize resource manager(s): ${what}${what ? ': ' : ''}${messageOf(error)}`);

const readKubeconfig = ({ kubeconfigPath }: ResourceManager): string => {
  const path = kubeconfigPath.replace(/^~(?=\/)/, homedir());
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw new Error(`open ${path}: no such file or directory`);
  }
};

const open = (manager: ResourceManager): Cluster => {
  try {
    const kubeconfig = readKubeconfig(manager);
    // what passes is the watch's own matter
    return { manager, kube: connect(kubeconfig), http: kubeHttp(kubeconfig, undefined, { patienceMs: 0 }) };
  } catch (error) {
    throw fail(
      `error building kubernetes config: building rest.Config from kubeconfig at ${manager.kubeconfigPath}`,
      error,
    );
  }
};

const verifyNamespace = async ({ kube, manager: { defaultNamespace, clusterName } }: Cluster): Promise<void> => {
  const head = `error verifying default namespace existence for cluster '${clusterName}': error finding namespace ${defaultNamespace}`;
  await kube.get({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: defaultNamespace } }).catch((error) => {
    throw fail(head, isNotFound(error) ? `namespaces "${defaultNamespace}" not found` : error);
  });
};

const verifyMasterAddress = ({ manager: { masterHost, masterPort } }: Cluster): void => {
  if (!masterHost || !masterPort) throw fail('failed to get master service', 'resource name may not be empty');
};

const verifyPods = async ({ kube }: Cluster): Promise<void> => {
  await kube.list({ apiVersion: 'v1', kind: 'Pod', labelSelector: 'determined-system' }).catch((error) => {
    throw fail('failed to get system pods', error);
  });
};

const tcpRoute = { apiVersion: 'gateway.networking.k8s.io/v1alpha2', kind: 'TCPRoute' };

const verifyGateway = async ({ kube, manager }: Cluster): Promise<void> => {
  const { gateway, defaultNamespace: namespace } = manager;
  if (!gateway) return;
  await kube.list({ ...tcpRoute, namespace, labelSelector: 'determined' }).catch((error) => {
    const words = `the server could not find the requested resource (get tcproutes.gateway.networking.k8s.io)`;
    throw fail(
      `listing existing services: listing TCPRoutes for namespace ${namespace}`,
      /v1alpha2|TCPRoute/.test(messageOf(error)) ? words : error,
    );
  });
  const metadata = { name: gateway.name, namespace: gateway.namespace };
  await kube.get({ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway', metadata }).catch((error) => {
    const words = `gateways.gateway.networking.k8s.io "${gateway.name}" not found`;
    throw fail('listing gateway ports: getting gateway for proxy ports', isNotFound(error) ? words : error);
  });
};

/** Connects to a manager's cluster. Throws an Error with the master's words. */
export const openCluster = async (manager: ResourceManager): Promise<Cluster> => {
  const cluster = open(manager);
  await verifyNamespace(cluster);
  verifyMasterAddress(cluster);
  await verifyPods(cluster);
  await verifyGateway(cluster);
  return cluster;
};

const labelled = [
  { apiVersion: 'batch/v1', kind: 'Job' },
  { apiVersion: 'v1', kind: 'ConfigMap' },
  { apiVersion: 'v1', kind: 'Service' },
] as const;

/** Objects of tasks that this database does not have open: they are deleted at the start, whoever made them. */
export const removeDoomed = async (
  { kube, manager: { gateway, defaultNamespace: namespace } }: Cluster,
  isOpen: (allocationId: string) => boolean,
): Promise<readonly string[]> => {
  const removed: string[] = [];
  for (const kind of [...labelled, ...(gateway ? [tcpRoute] : [])]) {
    for (const found of await kube.list<KubeObject>({ ...kind, namespace, labelSelector: 'determined' })) {
      if (isOpen(found.metadata.labels?.determined ?? '')) continue;
      await kube.remove({ ...kind, metadata: { name: found.metadata.name, namespace } });
      removed.push(`${kind.kind} ${found.metadata.name}`);
    }
  }
  return removed;
};

export type Watching = {
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly onPod: (type: string, pod: Fields) => void;
  readonly onJob: (type: string, job: Fields) => void;
};

/** Begins the watches of a cluster. The first promise resolves once all have listed; `ended` rejects with a Panic. */
export const watchCluster = (
  { http, manager: { defaultNamespace } }: Cluster,
  { log, signal, onPod, onJob }: Watching,
): { readonly listed: Promise<void>; readonly ended: Promise<void> } => {
  const ignore = (): void => undefined;
  const [pods, jobs] = [
    `/api/v1/namespaces/${defaultNamespace}/pods`,
    `/apis/batch/v1/namespaces/${defaultNamespace}/jobs`,
  ];
  const specs: readonly WatchSpec[] = [
    { name: 'pod', path: pods, labelSelector: 'determined', isFinal: false, onEvent: onPod },
    { name: 'job', path: jobs, labelSelector: 'determined', isFinal: false, onEvent: onJob },
    // the label of pods that are to give way: as good as never an event
    { name: 'preemption', path: pods, labelSelector: 'determined-preemption', isFinal: true, onEvent: ignore },
  ];
  const listed = specs.map(() => Promise.withResolvers<void>());
  const kept = specs.map((spec, index) =>
    keepWatch(spec, { http, log, signal }, () => listed[index]?.resolve()).catch((error: unknown) => {
      listed[index]?.reject(error);
      throw error;
    }),
  );
  return {
    listed: Promise.all(listed.map(({ promise }) => promise)).then(ignore),
    ended: Promise.all(kept).then(ignore),
  };
};
