import { sampleImage } from '../../../src/commands/context.ts';
import type { Kube } from '../../../src/lib/kube/client.ts';
import type { KubeObject } from '../../../src/lib/kube/types.ts';
import { polling, waitUntil } from '../../../src/lib/wait.ts';
import type { GatewayEndpoint } from '../../../src/model/gateway-endpoint.ts';
import { dialHttp, type HostPort, untilAnswered } from '../../../src/proof/probe/dial.ts';
import { addListeners, removeListeners } from '../../../src/proof/sample-task/listeners.ts';
import { makeRoute, makeService } from '../../../src/proof/sample-task/manifests.ts';
import { nameSampleTask, type SampleTask, type TaskPort } from '../../../src/proof/sample-task/task.ts';
import { instanceName } from '../instance/instance.ts';

/** One pod that serves for all tasks; each task has a listener, a Service and a TCPRoute of its own, as the master makes them. */
export type Server = {
  readonly kube: Kube;
  readonly gateway: GatewayEndpoint;
  readonly task: SampleTask;
  readonly podAddress: string;
};

/** Small answers (netexec), and files of the image: its own program is a body of 50 MB. */
export const ports = { small: 8080, large: 8081 } as const;
export const largePath = '/agnhost';

type ServerPod = KubeObject & {
  readonly status?: {
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
};

const serverArgs = {
  small: ['netexec', `--http-port=${ports.small}`, '--udp-port=-1'],
  large: ['test-webserver', `--port=${ports.large}`],
} as const;

/** A pod that serves for a task; a Service finds it by the task's allocation. */
export const makePod = (
  { namespace, allocationId }: SampleTask,
  name: string,
  servers: readonly (keyof typeof serverArgs)[],
) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace, labels: { determined: allocationId } },
  spec: {
    terminationGracePeriodSeconds: 0,
    automountServiceAccountToken: false,
    containers: servers.map((server) => ({
      name: server,
      image: sampleImage,
      imagePullPolicy: 'IfNotPresent',
      command: ['/agnhost'],
      args: serverArgs[server],
    })),
  },
});

const isReady = ([pod]: readonly ServerPod[]): true | string =>
  pod?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') || 'not Ready yet';

/** Starts the pod in a cluster that has a Gateway. */
export const startServer = async (kube: Kube, gateway: GatewayEndpoint, signal: AbortSignal): Promise<Server> => {
  const task = nameSampleTask({ instance: instanceName }, 'default');
  const pod = await kube.create(makePod(task, 'bench-server', ['small', 'large']));
  const { name, namespace } = pod.metadata;
  const [running] = await waitUntil(
    'Pod of the benchmark',
    (until) => kube.watch<ServerPod>({ apiVersion: 'v1', kind: 'Pod', namespace, name }, until),
    isReady,
    { timeoutMs: 60_000, id: 'proof.pod-not-ready', signal },
  );
  return { kube, gateway, task, podAddress: running?.status?.podIP ?? '' };
};

export const targetOf = ({ gateway }: Server, { listenerPort }: TaskPort): HostPort => ({
  host: gateway.address,
  port: listenerPort,
});

/** Some listeners that belong together, and the time that writing them to the Gateway took. */
export type Exposed = {
  readonly allocationId: string;
  readonly exposures: readonly TaskPort[];
  readonly writeMs: number;
};

const exposureOf = ({ task }: Server, listenerPort: number, podPort: number): TaskPort => ({
  protocol: 'http',
  podPort,
  listenerPort,
  name: `${task.jobName}-${listenerPort}`,
});

const objectsOf = ({ task, gateway }: Server, exposure: TaskPort): readonly KubeObject[] => [
  makeService(task, exposure),
  makeRoute(task, exposure, gateway),
];

let allocations = 0;

const dialTimeoutMs = 250; // a SYN that was dropped on the way is sent again only after a second

const untilServed = async (server: Server, exposure: TaskPort, signal: AbortSignal): Promise<void> => {
  const target = targetOf(server, exposure);
  const path = exposure.podPort === ports.small ? '/hostname' : '/etc/passwd';
  const attempts = { pauseMs: 5, until: AbortSignal.timeout(120_000), signal };
  const dialed = await untilAnswered(() => dialHttp(target, dialTimeoutMs, path), attempts);
  if (dialed.outcome !== 'answered')
    throw new Error(`${target.host}:${target.port}: ${dialed.outcome}, ${dialed.seen}`);
};

type Wish = { readonly count: number; readonly podPort?: number; readonly signal: AbortSignal };

/** Adds listeners in one write, then their Services and TCPRoutes, and waits until all answer. */
export const expose = async (server: Server, { count, podPort = ports.small, signal }: Wish): Promise<Exposed> => {
  const { kube, gateway } = server;
  const allocationId = `bench-${++allocations}`;
  const startMs = performance.now();
  const chosen = await addListeners(kube, gateway, { allocationId, wanted: 'lowest', count });
  const writeMs = performance.now() - startMs;
  const exposures = chosen.ports.map((port) => exposureOf(server, port, podPort));
  for (let next = 0; next < count; next += 20) {
    await Promise.all(
      exposures.slice(next, next + 20).map(async (exposure) => {
        for (const object of objectsOf(server, exposure)) await kube.create(object);
      }),
    );
  }
  for (const exposure of exposures) await untilServed(server, exposure, signal);
  return { allocationId, exposures, writeMs };
};

/** Removes what {@link expose} made and waits until nobody listens there any more. */
export const unexpose = async (server: Server, { allocationId, exposures }: Exposed): Promise<void> => {
  const { kube, gateway } = server;
  await removeListeners(kube, gateway, (id) => id === allocationId);
  for (const object of exposures.flatMap((exposure) => objectsOf(server, exposure))) await kube.remove(object);
  const last = exposures.at(-1);
  if (!last) return;
  const look = async () => (await dialHttp(targetOf(server, last), dialTimeoutMs, '/')).outcome;
  const isGone = (outcome: string) => outcome === 'refused' || `dialing it: ${outcome}`;
  await waitUntil(`Removal of listener ${last.listenerPort}`, polling(look, 20), isGone, {
    timeoutMs: 60_000,
    id: 'gateway.listener-stays',
  });
};
