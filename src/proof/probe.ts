import { randomUUID } from 'node:crypto';
import { UserError } from '../lib/errors.ts';
import { type Kube, KubeError } from '../lib/kube.ts';
import { waitUntil } from '../lib/wait.ts';
import type { GatewayEndpoint, MasterEndpoint, Proof } from '../steps/values.ts';
import { type Attempts, type Dialed, dialHttp, dialTcp, expectAnswer, type Target, untilAnswered } from './dial.ts';
import { forwardHopsOf, reverseHopsOf } from './hops.ts';
import type { Pod } from './path-view.ts';
import { findPodTrouble } from './pod-trouble.ts';
import { askPod, dialMaster, type ReverseDialed } from './reverse.ts';
import { type FoundMaster, findMaster, type StandIn, startStandIn } from './stand-in-master.ts';
import { type ExposedTask, type Exposure, podPorts } from './task.ts';
import { lookAtPath } from './view.ts';

export type ProbeOptions = {
  readonly gateway: GatewayEndpoint;
  readonly master: MasterEndpoint;
  /** Where the master listens on this host; differs from `master` behind a tunnel. */
  readonly local?: Target;
  /** How long to keep trying until the first answer. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
};

const dialTimeoutMs = 2_000;
const forwardPauseMs = 40;
const reversePauseMs = 150;
const ownPort = podPorts[0].podPort;

const dialOnce = (task: ExposedTask, { protocol, listenerPort: port }: Exposure, host: string) => {
  const nonce = randomUUID();
  return protocol === 'http'
    ? dialHttp({ host, port }, dialTimeoutMs, `/echo?msg=${nonce}`).then((dialed) => expectAnswer(dialed, nonce))
    : dialTcp({ host, port }, dialTimeoutMs).then((dialed) => expectAnswer(dialed, task.secret));
};

const probeForward = (task: ExposedTask, { gateway, ...options }: ProbeOptions): Promise<readonly Dialed[]> => {
  const attempts: Attempts = { ...options, pauseMs: forwardPauseMs };
  return Promise.all(task.exposures.map((one) => untilAnswered(() => dialOnce(task, one, gateway.address), attempts)));
};

const waitForPod = async (kube: Kube, { namespace, allocationId }: ExposedTask, options: ProbeOptions) => {
  const labelSelector = `determined=${allocationId}`;
  const [pod] = await waitUntil(
    'Sample pod',
    (signal) => kube.watch<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace, labelSelector }, signal),
    (pods) => findPodTrouble(pods, [])?.cause ?? true,
    { ...options, id: 'proof.pod-not-ready' },
  );
  return pod?.metadata.name ?? '';
};

type MasterSide = { readonly found: FoundMaster; readonly standIn: StandIn | undefined };

const probeReverse = async (
  kube: Kube,
  task: ExposedTask,
  { found, standIn, ...options }: ProbeOptions & MasterSide,
): Promise<ReverseDialed> => {
  if (found.kind === 'foreign' || found.kind === 'loopback-only') return { outcome: 'refused', seen: found.seen };
  const { gateway, master, timeoutMs, signal } = options;
  try {
    const name = await waitForPod(kube, task, options);
    const [{ listenerPort } = { listenerPort: 0 }] = task.exposures;
    const ask = askPod(kube, { ...task, name, port: ownPort }, { host: gateway.address, port: listenerPort });
    const attempts: Attempts = { timeoutMs, pauseMs: reversePauseMs, ...(signal && { signal }) };
    return await untilAnswered(() => dialMaster({ ask, master, ownPort, found, standIn }), attempts);
  } catch (error) {
    if (error instanceof UserError || error instanceof KubeError) return { outcome: 'unasked', seen: error.message };
    throw error;
  }
};

/** A master, or a stand-in where nothing listens; what may not be listened on counts as taken. */
const findOrStandIn = async (local: Target): Promise<MasterSide> => {
  const found = await findMaster(local);
  if (found.kind !== 'none') return { found, standIn: undefined };
  try {
    return { found, standIn: await startStandIn(local) };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { found: { kind: 'foreign', seen: error.message }, standIn: undefined };
  }
};

/**
 * Sends fresh nonces from this host through every exposed port to the pod, and from the pod to the master (or a
 * stand-in where none listens), each until the first answer or `timeoutMs`. A broken path is a Proof that is not ok and
 * names the first broken hop. Throws the reason of an abort.
 */
export const probePath = async (kube: Kube, task: ExposedTask, options: ProbeOptions): Promise<Proof> => {
  const { gateway, master } = options;
  const side = await findOrStandIn(options.local ?? master);
  try {
    const [forward, reverse] = await Promise.all([
      probeForward(task, options),
      probeReverse(kube, task, { ...options, ...side }),
    ]);
    const view = await lookAtPath(kube, task, gateway);
    const hops = [
      ...task.exposures.flatMap((exposure, index) => {
        const [dialed, port] = [forward[index], view.ports.get(exposure.listenerPort)];
        return dialed && port ? forwardHopsOf({ exposure, dialed, view, port, gateway }) : [];
      }),
      ...reverseHopsOf({ dialed: reverse, master, found: side.found }),
    ];
    return { ok: hops.every(({ ok }) => ok), hops };
  } finally {
    await side.standIn?.close();
  }
};
