// Tested in test/proof/real-master/real-master.test.ts
import { type Kube, KubeError } from '../../lib/kube/client.ts';
import type { Gateway, TCPRoute } from '../../lib/kube/shapes.ts';
import { gatewayKind, gatewayRef, tcpRouteKind } from '../../model/gateway-api.ts';
import type { GatewayEndpoint } from '../../model/gateway-endpoint.ts';
import type { Finding, Hop } from '../../model/path.ts';
import { portsOf } from '../../model/task-listener.ts';
import { allocationSelector } from '../../model/task-objects.ts';
import { forwardHopsOf } from '../diagnosis/hops.ts';
import { inspectPath } from '../diagnosis/view.ts';
import { type DialResult, dialHttp, expectAnswer } from '../probe/dial.ts';
import type { ExposedTask, TaskPort } from '../sample-task/task.ts';
import { findProxyTrouble, type ProxyResult } from './findings.ts';
import type { Sighting } from './rules/rule.ts';

/** Identifies a task of a real master. */
export type MasterTask = {
  readonly taskId: string;
  readonly allocationId: string;
  readonly namespace: string;
  readonly gateway: GatewayEndpoint;
};

/** The listeners of the Gateway that belong to an allocation. */
export const listenersOf = async (kube: Kube, { gateway, allocationId }: MasterTask): Promise<readonly number[]> =>
  portsOf(await kube.get<Gateway>(gatewayRef(gateway)), (allocation) => allocation === allocationId);

/** The objects that the master created for the task's only port, in the form of an exposed sample task. */
const findExposed = async (kube: Kube, task: MasterTask, podPort: number): Promise<ExposedTask | undefined> => {
  const [listenerPort] = await listenersOf(kube, task);
  if (listenerPort === undefined) return undefined;
  const routes = await kube.list<TCPRoute>({
    ...tcpRouteKind,
    namespace: task.namespace,
    labelSelector: allocationSelector(task.allocationId),
  });
  const own = routes.find(({ spec }) => spec?.parentRefs?.some(({ port }) => port === listenerPort));
  const jobName = own?.metadata.annotations?.['determined.ai/job-name'] ?? `det-?-cmd-${task.taskId}`;
  const exposure: TaskPort = { protocol: 'http', podPort, listenerPort, name: own?.metadata.name ?? `${jobName}-0` };
  return { ...task, instance: '', jobName, secret: '', exposures: [exposure], notes: [] };
};

/** Where the master has made the listener instead. */
const findOtherGateway = async (kube: Kube, { gateway, allocationId }: MasterTask): Promise<string | undefined> => {
  try {
    const others = (await kube.list<Gateway>(gatewayKind)).filter(
      ({ metadata }) => metadata.name !== gateway.name || metadata.namespace !== gateway.namespace,
    );
    const other = others.find((one) => portsOf(one, (allocation) => allocation === allocationId).length > 0);
    return other && `${other.metadata.namespace}/${other.metadata.name}`;
  } catch (error) {
    if (error instanceof KubeError) return undefined;
    throw error;
  }
};

/** The Internal Task Gateway came with 0.34.0. */
const isTooOld = (version: string): boolean => {
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(version) ?? [];
  return major === '0' && Number(minor) < 34;
};

const explainNoListener = async (kube: Kube, task: MasterTask, version: string): Promise<Finding> => {
  const { gateway, namespace } = task;
  const own = `${gateway.namespace}/${gateway.name}`;
  const cause = `the master created no listener for the task on Gateway ${own}`;
  const other = await findOtherGateway(kube, task);
  if (other) {
    return {
      cause: `${cause}, but one on Gateway ${other}`,
      hint: `set gateway_name: ${gateway.name} and gateway_namespace: ${gateway.namespace} in internal_task_gateway of master.yaml, and restart the master`,
    };
  }
  if (isTooOld(version)) {
    return {
      cause: `${cause}: it is version ${version}`,
      hint: 'internal_task_gateway needs a master of 0.34.0 or later',
    };
  }
  return {
    cause,
    hint: `does its internal_task_gateway name that Gateway (an empty block disables it), and is its namespace ${namespace}?`,
  };
};

const notThroughGateway = async (
  kube: Kube,
  task: MasterTask,
  { proxied: { outcome }, seen }: Pick<ProxiedTask, 'proxied' | 'seen'>,
): Promise<Hop> => ({
  direction: 'forward',
  from: 'master',
  to: `Gateway ${task.gateway.name}`,
  ok: false,
  evidence:
    outcome === 'answered'
      ? 'the task answered, but not through this Gateway'
      : 'no listener there belongs to the task',
  finding: await explainNoListener(kube, task, seen.version),
});

const fromMaster = (hop: Hop, index: number): Hop => {
  if (index > 0) return hop;
  const { latencyMs: _, ...rest } = hop;
  return {
    ...rest,
    from: 'master',
    ...(hop.ok && hop.evidence === 'connected' && { evidence: 'dialed by the master' }),
  };
};

/** Replaces the finding from the objects by the one from the master's answer, if there is one. */
const withFinding = (
  hops: readonly Hop[],
  task: MasterTask,
  { proxied, direct }: { readonly proxied: ProxyResult; readonly direct: DialResult },
): readonly Hop[] => {
  if (proxied.outcome === 'answered' || proxied.outcome === 'hopeless') return hops;
  const seenFromHere = direct.outcome === 'answered';
  const finding = findProxyTrouble(proxied.outcome, {
    seen: proxied.seen,
    seenFromHere,
    gatewayAddress: task.gateway.address,
  });
  if (!finding) return hops;
  const broken = { ok: false, evidence: proxied.seen, finding };
  return hops.map((hop, index) =>
    index === 0 ? { ...hop, ...broken } : { ...hop, ok: false, evidence: 'not reached' },
  );
};

export type ProxiedTask = {
  readonly proxied: ProxyResult;
  readonly nonce: string;
  readonly podPort: number;
  readonly seen: Sighting;
};

/** Between Envoy and the pod anything may be in the way; but nothing answers there before the task's program has started. */
const unstartedProgram = (hop: Hop, { hasSpoken, logs }: Sighting): Hop => {
  const isLast = hop.from === 'Service' && !hop.ok && hop.finding;
  if (!isLast || hasSpoken || logs.length === 0) return hop;
  return {
    ...hop,
    finding: {
      cause: `${hop.finding?.cause}; the task log does not show that its program has started, and ends with: ${logs.at(-1)}`,
      hint: 'see what the task waits for in its task log; if its program runs, check for a NetworkPolicy between Envoy and the pod',
    },
  };
};

const dialTimeoutMs = 2_000;

/** The hops from the master through the Gateway to the task: proven by the nonce, or the first broken one. */
export const masterHops = async (
  kube: Kube,
  task: MasterTask,
  { proxied, nonce, podPort, seen }: ProxiedTask,
): Promise<readonly Hop[]> => {
  const exposed = await findExposed(kube, task, podPort);
  const [exposure] = exposed?.exposures ?? [];
  if (!exposed || !exposure) return [await notThroughGateway(kube, task, { proxied, seen })];
  const { gateway } = task;
  const isAnswered = proxied.outcome === 'answered';
  const direct = isAnswered
    ? { outcome: 'answered' as const, connectMs: 0, latencyMs: proxied.latencyMs, answer: nonce }
    : expectAnswer(
        await dialHttp({ host: gateway.address, port: exposure.listenerPort }, dialTimeoutMs, '/taskgate'),
        nonce,
      );
  const view = await inspectPath(kube, exposed, { gateway, diagnose: !isAnswered });
  const port = view.ports.get(exposure.listenerPort);
  if (!port) return [await notThroughGateway(kube, task, { proxied, seen })];
  const all = forwardHopsOf({ exposure, dialed: direct, view, port, gateway }).map(fromMaster);
  const hops = all.map((hop) => unstartedProgram(hop, seen));
  return withFinding(hops, task, { proxied, direct });
};
