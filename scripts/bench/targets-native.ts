import type { Measurements, UpRun } from './results.ts';
import { atMost, type Line, none, type Pick, plain, several } from './target-line.ts';
import { mebibytes, megabytesPerSecond, milliseconds, perSecond, seconds, times } from './units.ts';

const timesOf = (runs: readonly UpRun[] | undefined) => several(runs?.map(({ ms }) => ms));
const cpuOf = (runs: readonly UpRun[] | undefined) =>
  several(runs?.flatMap(({ cpuSeconds }) => (cpuSeconds === undefined ? [] : [cpuSeconds * 1_000])));

/** The listener limit that `up` has by default: without the Gateway CRD's two quadratic rules. */
export const defaultLimit = 256;
/** The largest with which they stay. */
export const unmodifiedLimit = 213;

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

export const lifecycleLines: readonly Line[] = [
  atMost('`--help`', { limit: 300, unit: seconds }, ({ helpMs }) => helpMs),
  atMost('`up` from nothing (warm cache)', { limit: 25_000, unit: seconds }, (all) => timesOf(all.lifecycle?.cold)),
  plain('  CPU time of the cluster in it', seconds, ({ lifecycle }) => cpuOf(lifecycle?.cold)),
  plain('`up` after the keeper was killed', seconds, ({ lifecycle }) => timesOf(lifecycle?.warm)),
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

export const listenerLines: readonly Line[] = [
  added(1, defaultLimit),
  added(50, defaultLimit, 700),
  added(200, defaultLimit, 3_000),
  added(50, unmodifiedLimit),
  added(200, unmodifiedLimit),
  none('requests lost on an open connection while listeners come and go', describeHeld),
];

export const trafficLines: readonly Line[] = [
  plain('new connections, Gateway', perSecond, ({ traffic }) => traffic?.connectionsPerSecond.gateway),
  plain('new connections, pod directly', perSecond, ({ traffic }) => traffic?.connectionsPerSecond.direct),
  plain('  Gateway / pod', times, ({ traffic }) => traffic?.connectionsPerSecond.ratio),
  plain('throughput, Gateway', megabytesPerSecond, ({ traffic }) => traffic?.bytesPerSecond.gateway),
  plain('throughput, pod directly', megabytesPerSecond, ({ traffic }) => traffic?.bytesPerSecond.direct),
  plain('  Gateway / pod', times, ({ traffic }) => traffic?.bytesPerSecond.ratio),
];
