// Tested in test/proof/prove.test.ts
import { randomUUID } from 'node:crypto';
import type { Issued } from '../../lib/certificates.ts';
import { UserError } from '../../lib/errors.ts';
import type { Kube } from '../../lib/kube/client.ts';
import type { GatewayEndpoint } from '../../model/gateway-endpoint.ts';
import type { MasterEndpoint } from '../../model/master-endpoint.ts';
import type { Proof } from '../../model/path.ts';
import { type ClosedCheck, type ClosedProof, proveClosed } from '../closed/closed.ts';
import { forwardHopsOf, reverseHopsOf } from '../diagnosis/hops.ts';
import { inspectPath } from '../diagnosis/view.ts';
import { type SamplePod, waitForSamplePod } from '../sample-task/pod.ts';
import { type ExposedTask, podPorts, type TaskPort } from '../sample-task/task.ts';
import {
  type Attempts,
  type DialResult,
  dialHttp,
  dialTcp,
  expectAnswer,
  type HostPort,
  untilAnswered,
} from './dial.ts';
import { type EachEnvoyProof, probeEachEnvoy } from './each-envoy.ts';
import { findMasterInfo } from './master-info.ts';
import { type FoundMaster, findMaster, type PlaceholderMaster, startPlaceholder } from './placeholder-master.ts';
import { askPod, dialMaster, type ReverseResult, reverseTries } from './reverse.ts';

export type ProbeOptions = {
  readonly gateway: GatewayEndpoint;
  readonly master: MasterEndpoint;
  /** Where the master listens on this host; differs from `master` behind a tunnel. */
  readonly local?: HostPort;
  /** The longest wait for the first answer; ends earlier if none is possible any more. */
  readonly timeoutMs: number;
  /** The master's certificate where it speaks https: a placeholder shows it. */
  readonly certificate?: Issued;
  /** Negative proofs, tried once the path works. */
  readonly closed?: readonly ClosedCheck[];
  readonly signal?: AbortSignal;
};

const dialTimeoutMs = 2_000;
const forwardPauseMs = 40;
/** With 200 listeners Contour needs up to half a minute for one more. */
const programmingMs = 30_000;
/** A path that worked just before. */
const againMs = 5_000;
const ownPort = podPorts[0].podPort;

const dialOnce = (task: ExposedTask, { protocol, listenerPort: port }: TaskPort, host: string) => {
  const nonce = randomUUID();
  return protocol === 'http'
    ? dialHttp({ host, port }, dialTimeoutMs, `/echo?msg=${nonce}`).then((dialed) => expectAnswer(dialed, nonce))
    : dialTcp({ host, port }, dialTimeoutMs).then((dialed) => expectAnswer(dialed, task.secret));
};

/** Aborts when no answer is possible any more: at once if there is no pod, after a while if there is one. */
const giveUpAfter = (pod: Promise<SamplePod>, afterPodMs: number): AbortSignal => {
  const end = new AbortController();
  const stop = () => end.abort();
  pod.then(({ ready }) => (ready ? setTimeout(stop, afterPodMs).unref() : stop()), stop);
  return end.signal;
};

const probeForward = (
  task: ExposedTask,
  pod: Promise<SamplePod>,
  { gateway, ...options }: ProbeOptions,
): Promise<readonly DialResult[]> => {
  const until = AbortSignal.any([AbortSignal.timeout(options.timeoutMs), giveUpAfter(pod, programmingMs)]);
  const attempts: Attempts = { ...options, until, pauseMs: forwardPauseMs };
  return Promise.all(task.exposures.map((one) => untilAnswered(() => dialOnce(task, one, gateway.address), attempts)));
};

type MasterSide = { readonly found: FoundMaster; readonly placeholder: PlaceholderMaster | undefined };

type ReverseOptions = ProbeOptions & MasterSide & { readonly pod: Promise<SamplePod> };

const probeReverse = async (
  kube: Kube,
  task: ExposedTask,
  { found, placeholder, pod, ...options }: ReverseOptions,
): Promise<ReverseResult> => {
  if (found.kind === 'foreign' || found.kind === 'loopback-only') return { outcome: 'refused', seen: found.seen };
  const sample = await pod;
  if (!sample.ready) return { outcome: 'unasked', seen: sample.seen };
  const { gateway, master } = options;
  const [{ listenerPort } = { listenerPort: 0 }] = task.exposures;
  const through = { host: gateway.address, port: listenerPort };
  const ask = askPod(kube, { ...task, name: sample.name, port: ownPort }, through);
  const attempts: Attempts = {
    ...options,
    until: AbortSignal.timeout(reverseTries.forMs),
    pauseMs: reverseTries.pauseMs,
  };
  return untilAnswered(() => dialMaster({ ask, master, ownPort, found, placeholder }), attempts);
};

type BothWays = { readonly forward: readonly DialResult[]; readonly reverse: ReverseResult };

const probeBothWays = async (kube: Kube, task: ExposedTask, options: ReverseOptions): Promise<BothWays> => {
  const [forward, reverse] = await Promise.all([
    probeForward(task, options.pod, options),
    probeReverse(kube, task, options),
  ]);
  return { forward, reverse };
};

const hasAnswers = ({ forward, reverse }: BothWays): boolean =>
  [...forward, reverse].every(({ outcome }) => outcome === 'answered');

/** The master behind a user-supplied URL may run anywhere, and one that tasks dial by https may speak TLS here, too. */
const findRealMaster = async ({ via, scheme, host, port }: MasterEndpoint, local: HostPort): Promise<FoundMaster> => {
  const target = via === 'url' ? { host, port } : scheme === 'https' ? local : undefined;
  const info = target && (await findMasterInfo(target));
  return info ? { kind: 'master', ...info } : { kind: 'none' };
};

/** A master, or a placeholder if nothing listens; a port that cannot be listened on counts as taken. */
const findOrStartMaster = async (options: ProbeOptions): Promise<MasterSide> => {
  const { local: given, master } = options;
  const local = given ?? master;
  const real = await findRealMaster(master, local);
  const found = real.kind === 'none' ? await findMaster(local) : real;
  if (found.kind !== 'none') return { found, placeholder: undefined };
  try {
    return { found, placeholder: await startPlaceholder(local, options.certificate) };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { found: { kind: 'foreign', seen: error.message }, placeholder: undefined };
  }
};

type ClosedOptions = ProbeOptions & { readonly pod: Promise<SamplePod>; readonly isBroken: boolean };

/** A connection that fails on a broken path proves nothing. */
const tryClosed = async (
  kube: Kube,
  task: ExposedTask,
  { closed = [], pod, isBroken, ...context }: ClosedOptions,
): Promise<ClosedProof> => {
  if (closed.length === 0) return { hops: [], notes: [] };
  const sample = await pod;
  if (isBroken || !sample.ready) {
    return { hops: [], notes: ['what must not be reachable was not tried: the path is broken'] };
  }
  return proveClosed(closed, { ...context, kube, task, podName: sample.name });
};

/**
 * Sends fresh nonces from this host through every exposed port to the pod, and from the pod to the master (or to a
 * placeholder if none listens), each until the first answer or `timeoutMs`. A broken path is a Proof that is not ok and
 * names the first broken hop. On a path that works the negative proofs follow, and the path is dialed again. Throws the
 * reason of an abort.
 */
export const probePath = async (
  kube: Kube,
  task: ExposedTask,
  options: ProbeOptions,
): Promise<Proof & Pick<ClosedProof, 'notes'>> => {
  const { gateway, master } = options;
  const side = await findOrStartMaster(options);
  const done = new AbortController();
  const untilDone = options.signal ? AbortSignal.any([options.signal, done.signal]) : done.signal;
  try {
    const pod = waitForSamplePod(kube, task, { ...options, signal: untilDone });
    const first = await probeBothWays(kube, task, { ...options, ...side, pod });
    const closed = await tryClosed(kube, task, { ...options, pod, isBroken: !hasAnswers(first) });
    // what closes the one may have closed the other
    const again = { ...options, ...side, pod, timeoutMs: Math.min(options.timeoutMs, againMs) };
    const { forward, reverse } = closed.hops.length > 0 ? await probeBothWays(kube, task, again) : first;
    const isBroken = forward.some(({ outcome }) => outcome !== 'answered') || reverse.outcome === 'unasked';
    const view = await inspectPath(kube, task, { gateway, diagnose: isBroken });
    const hops = [
      ...task.exposures.flatMap((exposure, index) => {
        const [dialed, port] = [forward[index], view.ports.get(exposure.listenerPort)];
        return dialed && port ? forwardHopsOf({ exposure, dialed, view, port, gateway }) : [];
      }),
      ...reverseHopsOf({ dialed: reverse, master, found: side.found, localPort: (options.local ?? master).port }),
    ];
    const each: EachEnvoyProof = isBroken
      ? { hops: [], notes: [] }
      : await probeEachEnvoy(kube, { ...options, pods: view.envoyPods, exposures: task.exposures, timeoutMs: againMs });
    const all = [...hops, ...each.hops, ...closed.hops];
    return { ok: all.every(({ ok }) => ok), hops: all, notes: [...each.notes, ...closed.notes] };
  } finally {
    done.abort();
    await side.placeholder?.close();
  }
};
