import type { ReportTable } from '../../../src/report/html.ts';
import { defaultLimit, unmodifiedLimit } from '../listener-limits.ts';
import type { Losses } from '../measure/forward/forward.ts';
import type { WayResults } from '../measure/minikube/results.ts';
import type { FaultName } from '../measure/ssh/faults.ts';
import type { SshCompared, SshResults } from '../measure/ssh/ssh.ts';
import { type PartName, partNames } from '../parts.ts';
import type { Measurements } from '../results.ts';
import type { UpRun } from '../stage.ts';
import {
  mebibytes,
  megabytes,
  megabytesPerSecond,
  milliseconds,
  perSecond,
  seconds,
  times,
  type Unit,
} from '../units.ts';
import { alwaysAtMost, atMost, type Line, type Measured, none, type Pick, plain, several } from './target-line.ts';

const timesOf = (runs: readonly UpRun[] | undefined) => several(runs?.map(({ ms }) => ms));
const cpuOf = (runs: readonly UpRun[] | undefined) =>
  several(runs?.flatMap(({ cpuSeconds }) => (cpuSeconds === undefined ? [] : [cpuSeconds * 1_000])));

const added = (listeners: number, listenerLimit: number, target?: number): Line => {
  const title = `listener ${listeners} added, to first byte${listenerLimit === defaultLimit ? '' : ` (listenerLimit ${listenerLimit})`}`;
  const pick: Pick = (measurements) =>
    measurements.listeners.find((one) => one.listeners === listeners && one.listenerLimit === listenerLimit)
      ?.firstByteMs;
  return target === undefined ? plain(title, seconds, pick) : atMost(title, { limit: target, unit: seconds }, pick);
};

const describeHeld = ({ held }: Measurements) => {
  if (!held) return undefined;
  const { listeners, requests, answers, longestAnswerMs, ended } = held;
  const what = `${answers} of ${requests} answered, slowest ${milliseconds(longestAnswerMs)}, ${listeners} listeners added and removed`;
  return { count: requests - answers, what, isEnded: ended };
};

const lifecycleLines: readonly Line[] = [
  atMost('`--help`', { limit: 300, unit: seconds }, ({ helpMs }) => helpMs),
  atMost('`up` from nothing (warm cache)', { limit: 25_000, unit: seconds }, (all) => timesOf(all.lifecycle?.cold)),
  plain('  CPU time of the cluster in it', seconds, ({ lifecycle }) => cpuOf(lifecycle?.cold)),
  plain('`up` after the supervisor was killed', seconds, ({ lifecycle }) => timesOf(lifecycle?.warm)),
  plain('  CPU time of the cluster in it', seconds, ({ lifecycle }) => cpuOf(lifecycle?.warm)),
  atMost('second `up`', { limit: 3_000, unit: seconds }, ({ lifecycle }) => several(lifecycle?.secondMs)),
  none(
    'objects changed by the second `up`',
    ({ lifecycle }) =>
      lifecycle && { count: lifecycle.changedBySecond.length, what: lifecycle.changedBySecond.join(', ') },
  ),
  plain('`smoke`', seconds, ({ lifecycle }) => several(lifecycle?.smokeMs)),
  atMost('`down`', { limit: 5_000, unit: seconds }, ({ lifecycle }) => several(lifecycle?.downMs)),
  atMost('memory of an idle instance (PSS)', { limit: 1.5 * 2 ** 30, unit: mebibytes }, ({ lifecycle }) =>
    several(lifecycle?.idleBytes),
  ),
];

const listenerLines: readonly Line[] = [
  added(1, defaultLimit),
  added(50, defaultLimit, 700),
  added(200, defaultLimit, 3_000),
  added(50, unmodifiedLimit),
  added(200, unmodifiedLimit),
  none('requests lost on an open connection while listeners come and go', describeHeld),
];

const trafficLines: readonly Line[] = [
  plain('new connections, Gateway', perSecond, ({ traffic }) => traffic?.connectionsPerSecond.gateway),
  plain('new connections, pod directly', perSecond, ({ traffic }) => traffic?.connectionsPerSecond.direct),
  plain('  Gateway / pod', times, ({ traffic }) => traffic?.connectionsPerSecond.ratio),
  plain('throughput, Gateway', megabytesPerSecond, ({ traffic }) => traffic?.bytesPerSecond.gateway),
  plain('throughput, pod directly', megabytesPerSecond, ({ traffic }) => traffic?.bytesPerSecond.direct),
  plain('  Gateway / pod', times, ({ traffic }) => traffic?.bytesPerSecond.ratio),
];

type SshLoad = Exclude<keyof SshResults, 'recoveries'>;

const besidePlain = (what: string, unit: Unit, load: SshLoad): readonly Line[] => {
  const pick = (key: 'taskgate' | 'plain' | 'ratio') => (all: Measurements) => all.ssh?.[load][key];
  return [
    plain(`${what}, taskgate's ssh tunnel`, unit, pick('taskgate')),
    plain(`${what}, plain \`ssh -R -N\``, unit, pick('plain')),
    plain('  taskgate / plain', times, pick('ratio')),
  ];
};

const lostBy = (title: string, load: SshLoad): Line =>
  none(title, ({ ssh }) => {
    if (!ssh) return undefined;
    const { amount, taskgate, lost }: SshCompared = ssh[load];
    return { count: lost.taskgate, what: `of ${taskgate.count} x ${amount}; plain ssh: ${lost.plain}` };
  });

const backAfter = (fault: FaultName): Line =>
  alwaysAtMost(`ssh tunnel back after: ${fault}`, { limit: 5_000, unit: seconds }, ({ ssh }) =>
    several(ssh?.recoveries[fault]),
  );

const sshLines: readonly Line[] = [
  lostBy('short connections lost in the ssh tunnel', 'short'),
  lostBy('messages lost on 200 connections at once', 'concurrent'),
  lostBy('bytes lost of a stream', 'stream'),
  backAfter('ssh killed'),
  backAfter('sshd restarted'),
  backAfter('sshd down'),
  backAfter('link down'),
  ...besidePlain('new connections', perSecond, 'short'),
  ...besidePlain('messages on 200 connections', perSecond, 'concurrent'),
  ...besidePlain('a stream', megabytesPerSecond, 'stream'),
];

const lossesOf = ({ connections, sentBytes, lostBytes, broken }: Losses) =>
  `${lostBytes} of ${megabytes(sentBytes)} lost, ${broken.length} of ${connections} connections broken`;

const forwardLines: readonly Line[] = [
  none('bytes lost by forwards while listeners change', ({ forward }) => {
    if (!forward) return undefined;
    const { taskgate, kubectlFollowing, changes } = forward;
    const beside = `kubectl restarted ${kubectlFollowing.changes} times to follow: ${lossesOf(kubectlFollowing)}`;
    const what = `${changes} changes: ${lossesOf(taskgate)}; ${beside}`;
    return { count: taskgate.lostBytes, what, isEnded: taskgate.broken.length > 0 };
  }),
  plain('listener added, to its forward', seconds, ({ forward }) => forward?.addedMs),
  plain('listener removed, to a refusal', seconds, ({ forward }) => forward?.removedMs),
  plain("a stream, taskgate's forward", megabytesPerSecond, ({ forward }) => forward?.bytesPerSecond.taskgate),
  plain('a stream, `kubectl port-forward`', megabytesPerSecond, ({ forward }) => forward?.bytesPerSecond.kubectl),
  plain('  taskgate / kubectl', times, ({ forward }) => forward?.bytesPerSecond.ratio),
];

const onMinikube = ({ minikube }: Measurements): WayResults | undefined =>
  minikube?.find(({ way }) => way === 'taskgate on Minikube');

const minikubeLines: readonly Line[] = [
  atMost(
    '`up` on Minikube, beyond `minikube start`',
    { limit: 20_000, unit: seconds },
    (all) => onMinikube(all)?.beyondStartMs,
  ),
  atMost('second `up` on Minikube', { limit: 5_000, unit: seconds }, (all) => onMinikube(all)?.secondMs),
  none('objects changed by it', (all) => {
    const changes = onMinikube(all)?.changedBySecond;
    return changes && { count: changes.length, what: changes.join(', ') };
  }),
];

const lines: Readonly<Record<PartName, readonly Line[]>> = {
  lifecycle: lifecycleLines,
  listeners: listenerLines,
  traffic: trafficLines,
  ssh: sshLines,
  forward: forwardLines,
  minikube: minikubeLines,
};

const verdictOf = ({ ok }: Measured): string => (ok === undefined ? '' : ok ? 'ok' : 'miss');

/** Targets of these parts beside what was measured: medians, and how far the samples lie apart. */
export const targetTable = (measurements: Measurements, parts: readonly PartName[] = partNames): ReportTable => ({
  title: 'Targets',
  columns: ['what', 'target', 'median', '', 'spread'],
  rows: parts
    .flatMap((part) => lines[part])
    .map(({ title, target, measure }) => {
      const measured = measure(measurements);
      if (!measured) return [title, target, 'not measured', '', ''];
      return [title, target, measured.value, verdictOf(measured), measured.spread];
    }),
});
