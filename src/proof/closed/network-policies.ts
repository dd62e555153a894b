import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { InstanceRecord } from '../../instance/record.ts';
import type { Kube } from '../../lib/kube/client.ts';
import { isReady, type Pod } from '../../lib/kube/shapes.ts';
import type { KubeObject } from '../../lib/kube/types.ts';
import { waitUntil } from '../../lib/wait.ts';
import type { ProviderName } from '../../model/cluster.ts';
import type { Finding } from '../../model/path.ts';
import type { HostPort } from '../probe/dial.ts';
import { neverConnected, outcomeOf, parseDialAnswer } from '../probe/reverse.ts';
import { strangerPods, strangerPort } from '../sample-task/stranger.ts';
import { podPorts } from '../sample-task/task.ts';
import type { ClosedCheck, ClosedContext, ClosedOutcome } from './closed.ts';

/** An engine acts on a new pod within a second; that of Minikube is a pod itself. */
const patienceMs: Readonly<Record<ProviderName, number>> = { native: 10_000, minikube: 30_000, attach: 6_000 };
const pauseMs = 100;
const strangerTimeoutMs = 20_000;

/** Where the log of the engine is; in a cluster that taskgate did not make, the engine is the network's own. */
const findings: Readonly<Record<ProviderName, (instance: string) => Finding>> = {
  native: (instance) => ({
    cause: 'the network policies are not enforced',
    hint: `see whether they are still there, and what the engine says: taskgate status --name ${instance}; taskgate logs kube-router --name ${instance}`,
  }),
  minikube: (instance) => ({
    cause: 'the network policies are not enforced',
    hint: `see what the engine says: kubectl --namespace kube-system logs daemonset/taskgate-${instance}-policies; a profile that taskgate did not make gets no engine`,
  }),
  attach: () => ({
    cause: "network policies: written, but this cluster's network does not enforce them",
    hint: 'use a network plug-in that does, such as Calico or Cilium, or run up without --network-policies',
  }),
};

type PodAt = { readonly name: string; readonly ip: string };

const addressOf = ({ metadata: { name }, status }: Pod): PodAt => {
  if (!status?.podIP) throw new Error(`pod ${name} has no address`);
  return { name, ip: status.podIP };
};

const findTaskPod = async ({ kube, task, podName }: ClosedContext): Promise<PodAt> =>
  addressOf(
    await kube.get<Pod>({ apiVersion: 'v1', kind: 'Pod', metadata: { name: podName, namespace: task.namespace } }),
  );

const findStranger = async ({ kube, task, signal }: ClosedContext): Promise<PodAt> => {
  const pods = await waitUntil(
    'the other pod of the proof',
    (until) => kube.watch<Pod>(strangerPods(task), until),
    (seen) => seen.some(isReady) || 'not ready',
    { timeoutMs: strangerTimeoutMs, id: 'proof.pod-not-ready', signal },
  );
  const pod = pods.find(isReady);
  if (!pod) throw new Error('the other pod of the proof is gone');
  return addressOf(pod);
};

type Service = KubeObject & {
  readonly spec: { readonly clusterIP: string; readonly ports: readonly { readonly port: number }[] };
};

const findApiServer = async (kube: Kube): Promise<HostPort> => {
  const metadata = { name: 'kubernetes', namespace: 'default' };
  const { spec } = await kube.get<Service>({ apiVersion: 'v1', kind: 'Service', metadata });
  return { host: spec.clusterIP, port: spec.ports[0]?.port ?? 443 };
};

/** The instance whose policies are judged. */
type Judged = Pick<InstanceRecord, 'name' | 'provider'>;

type Judging = Judged & { readonly waitMs: number };

type Ends = { readonly dialer: PodAt; readonly target: HostPort };

/** Lets a pod dial an address once, through the API server: undefined if it could not connect, else what it saw. */
const dialFrom = async (
  { kube, task }: ClosedContext,
  { dialer, target }: Ends,
): Promise<{ open: string | undefined; seen: string }> => {
  const path = `/api/v1/namespaces/${task.namespace}/pods/${dialer.name}:${strangerPort}/proxy/dial`;
  const query = { ...{ host: target.host, port: String(target.port), protocol: 'http', tries: '1' } };
  const text = await kube.text(path, { ...query, request: `echo?msg=${randomUUID()}` });
  const { body: answer, error } = parseDialAnswer(text);
  const seen = error ?? answer ?? 'nothing';
  return { open: answer === undefined && neverConnected.includes(outcomeOf(seen)) ? undefined : seen, seen };
};

const provedClosed = async (
  context: ClosedContext,
  ends: Ends,
  { provider, name, waitMs }: Judging,
): Promise<ClosedOutcome> => {
  const until = performance.now() + waitMs;
  for (;;) {
    context.signal?.throwIfAborted();
    const startMs = performance.now();
    const { open, seen } = await dialFrom(context, ends);
    const latencyMs = Math.round(performance.now() - startMs);
    const { host, port } = ends.target;
    if (open === undefined) return { outcome: 'closed', evidence: `${host}:${port}: ${outcomeOf(seen)}`, latencyMs };
    if (performance.now() > until) {
      return { outcome: 'open', evidence: `${host}:${port} answered`, finding: findings[provider](name) };
    }
    await pause(pauseMs);
  }
};

/**
 * Default deny both ways, by a pod that is no task: it must not reach the task's pod, which must reach neither it nor the
 * API server. That the other pod answers shows that its network works.
 */
export const policyChecks = (
  { name, provider }: Judged,
  waitMs: number = patienceMs[provider],
): readonly ClosedCheck[] => {
  const check = (from: string, to: string, endsOf: (context: ClosedContext) => Promise<Ends>): ClosedCheck => ({
    ...{ from, to },
    attempt: async (context) => provedClosed(context, await endsOf(context), { name, provider, waitMs }),
  });
  const [{ podPort }] = podPorts;
  return [
    check('another pod', 'task pod', async (context) => {
      const [dialer, { ip }] = await Promise.all([findStranger(context), findTaskPod(context)]);
      return { dialer, target: { host: ip, port: podPort } };
    }),
    check('task pod', 'another pod', async (context) => {
      const [dialer, { ip }] = await Promise.all([findTaskPod(context), findStranger(context)]);
      return { dialer, target: { host: ip, port: strangerPort } };
    }),
    check('task pod', 'API server', async (context) => {
      const [dialer, target] = await Promise.all([findTaskPod(context), findApiServer(context.kube)]);
      return { dialer, target };
    }),
  ];
};
