import type { ReportTable } from '../../src/steps/report.ts';
import type { Measurements, UpRun } from './results.ts';
import { type Spread, spreadOf } from './statistics.ts';
import {
  describeSpread,
  mebibytes,
  megabytesPerSecond,
  milliseconds,
  perSecond,
  seconds,
  times,
  type Unit,
} from './units.ts';

type Measured = { readonly value: string; readonly spread: string; readonly ok?: boolean };
type Line = {
  readonly title: string;
  readonly target: string;
  readonly measure: (measurements: Measurements) => Measured | undefined;
};
type Pick = (measurements: Measurements) => Spread | undefined;

const show = (spread: Spread, unit: Unit): Measured => ({
  value: unit(spread.median),
  spread: describeSpread(spread, unit),
});

/** A line whose median must not be above `limit`. */
const atMost = (title: string, { limit, unit }: { limit: number; unit: Unit }, pick: Pick): Line => ({
  title,
  target: `≤ ${unit(limit)}`,
  measure: (measurements) => {
    const spread = pick(measurements);
    return spread && { ...show(spread, unit), ok: spread.median <= limit };
  },
});

/** A line without a target. */
const plain = (title: string, unit: Unit, pick: Pick): Line => ({
  title,
  target: '',
  measure: (measurements) => {
    const spread = pick(measurements);
    return spread && show(spread, unit);
  },
});

const several = (samples: readonly number[] | undefined): Spread | undefined =>
  samples && samples.length > 0 ? spreadOf(samples) : undefined;
const timesOf = (runs: readonly UpRun[] | undefined) => several(runs?.map(({ ms }) => ms));
const cpuOf = (runs: readonly UpRun[] | undefined) => several(runs?.map(({ cpuSeconds }) => cpuSeconds * 1_000));

const unchanged: Line = {
  title: 'objects changed by the second `up`',
  target: '0',
  measure: ({ lifecycle }) => {
    if (!lifecycle) return undefined;
    const { changedBySecond } = lifecycle;
    return {
      value: String(changedBySecond.length),
      spread: changedBySecond.join(', '),
      ok: changedBySecond.length === 0,
    };
  },
};

const survives: Line = {
  title: 'requests lost on an open connection while listeners come and go',
  target: '0',
  measure: ({ held }) => {
    if (!held) return undefined;
    const { listeners, requests, answers, longestAnswerMs, ended } = held;
    const lost = requests - answers;
    const spread = `${answers} of ${requests} answered, slowest ${milliseconds(longestAnswerMs)}, ${listeners} listeners added and removed`;
    return { value: `${lost}${ended ? ', connection ended' : ''}`, spread, ok: lost === 0 && !ended };
  },
};

/** A limit of 213 keeps the Gateway CRD's two quadratic rules, one above it removes them. */
export const defaultLimit = 213;

const added = (listeners: number, listenerLimit: number, target?: number): Line => {
  const title = `listener ${listeners} added, to first byte${listenerLimit === defaultLimit ? '' : ` (listenerLimit ${listenerLimit})`}`;
  const pick: Pick = (measurements) =>
    measurements.listeners.find((one) => one.listeners === listeners && one.listenerLimit === listenerLimit)
      ?.firstByteMs;
  return target === undefined ? plain(title, seconds, pick) : atMost(title, { limit: target, unit: seconds }, pick);
};

const lines: readonly Line[] = [
  atMost('`--help`', { limit: 300, unit: seconds }, ({ helpMs }) => helpMs),
  atMost('`up` from nothing (warm cache)', { limit: 25_000, unit: seconds }, (all) => timesOf(all.lifecycle?.cold)),
  plain('  CPU time of the cluster in it', seconds, ({ lifecycle }) => cpuOf(lifecycle?.cold)),
  plain('`up` after the keeper was killed', seconds, ({ lifecycle }) => timesOf(lifecycle?.warm)),
  plain('  CPU time of the cluster in it', seconds, ({ lifecycle }) => cpuOf(lifecycle?.warm)),
  atMost('second `up`', { limit: 3_000, unit: seconds }, ({ lifecycle }) => several(lifecycle?.secondMs)),
  unchanged,
  plain('`smoke`', seconds, ({ lifecycle }) => several(lifecycle?.smokeMs)),
  atMost('`down`', { limit: 5_000, unit: seconds }, ({ lifecycle }) => several(lifecycle?.downMs)),
  atMost('memory of an idle instance (PSS)', { limit: 1.5 * 2 ** 30, unit: mebibytes }, ({ lifecycle }) =>
    several(lifecycle?.idleBytes),
  ),
  added(1, defaultLimit),
  added(50, defaultLimit, 700),
  added(200, defaultLimit, 3_000),
  added(50, 220),
  added(200, 220),
  survives,
  plain('new connections, Gateway', perSecond, ({ traffic }) => traffic?.connectionsPerSecond.gateway),
  plain('new connections, pod directly', perSecond, ({ traffic }) => traffic?.connectionsPerSecond.direct),
  plain('  Gateway / pod', times, ({ traffic }) => traffic?.connectionsPerSecond.ratio),
  plain('throughput, Gateway', megabytesPerSecond, ({ traffic }) => traffic?.bytesPerSecond.gateway),
  plain('throughput, pod directly', megabytesPerSecond, ({ traffic }) => traffic?.bytesPerSecond.direct),
  plain('  Gateway / pod', times, ({ traffic }) => traffic?.bytesPerSecond.ratio),
];

const verdictOf = ({ ok }: Measured): string => (ok === undefined ? '' : ok ? 'ok' : 'miss');

/** Targets beside what was measured: medians, and how far the samples lie apart. */
export const targetTable = (measurements: Measurements): ReportTable => ({
  title: 'Targets',
  columns: ['what', 'target', 'median', '', 'spread'],
  rows: lines.map(({ title, target, measure }) => {
    const measured = measure(measurements);
    if (!measured) return [title, target, 'not measured', '', ''];
    return [title, target, measured.value, verdictOf(measured), measured.spread];
  }),
});
