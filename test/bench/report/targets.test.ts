import { expect, test } from 'vitest';
import type { Losses } from '../../../scripts/bench/measure/forward/forward.ts';
import type { WayResults } from '../../../scripts/bench/measure/minikube/results.ts';
import type { SshResults } from '../../../scripts/bench/measure/ssh/ssh.ts';
import { targetTable } from '../../../scripts/bench/report/targets.ts';
import type { Lifecycle, Results } from '../../../scripts/bench/results.ts';
import { goodResults } from '../../support/bench-results.ts';

const rowOf = (results: Results, title: string) => targetTable(results).rows.find(([first]) => first === title);
const verdictOf = (results: Results, title: string) => rowOf(results, title)?.[3];
const { lifecycle, held } = goodResults;
const withLifecycle = (change: Partial<Lifecycle>): Results =>
  lifecycle ? { ...goodResults, lifecycle: { ...lifecycle, ...change } } : goodResults;
const firstByte = (listeners: number, median: number): Results => ({
  ...goodResults,
  listeners: goodResults.listeners.map((one) =>
    one.listeners === listeners && one.listenerLimit === 256
      ? { ...one, firstByteMs: { count: 1, median, min: median, max: median } }
      : one,
  ),
});
const spread = (median: number) => ({ count: 1, median, min: median, max: median });

const sshOf = () => {
  if (!goodResults.ssh) throw new Error('good results have ssh');
  return goodResults.ssh;
};
const withSsh = (change: Partial<SshResults>): Results => ({ ...goodResults, ssh: { ...sshOf(), ...change } });
const withRecovery = (samples: readonly number[]) =>
  withSsh({ recoveries: { ...sshOf().recoveries, 'link down': samples } });
const withForward = (change: Partial<Losses>): Results => {
  const { forward } = goodResults;
  return forward
    ? { ...goodResults, forward: { ...forward, taskgate: { ...forward.taskgate, ...change } } }
    : goodResults;
};
const onMinikube = (change: Partial<WayResults>): Results => ({
  ...goodResults,
  minikube:
    goodResults.minikube?.map((one) => (one.way === 'taskgate on Minikube' ? { ...one, ...change } : one)) ?? [],
});

test('a target is shown beside the median and the spread', () => {
  expect(rowOf(goodResults, '`up` from nothing (warm cache)')).toEqual([
    '`up` from nothing (warm cache)',
    '≤ 25.00 s',
    '16.00 s',
    'ok',
    '15.00 s to 17.00 s, 3 samples',
  ]);
});

test('what has no target has no verdict', () => {
  const row = ['listener 50 added, to first byte (listenerLimit 213)', '', '0.40 s', '', '0.39 s to 0.41 s, 3 samples'];
  expect(rowOf(goodResults, '`smoke`')).toEqual(['`smoke`', '', '0.90 s', '', '1 sample']);
  expect(rowOf(goodResults, row[0] ?? '')).toEqual(row);
});

test('a good run misses nothing', () => {
  const verdicts = targetTable(goodResults).rows.map(([, , , verdict]) => verdict);
  expect(verdicts.filter((verdict) => verdict === 'ok')).toHaveLength(20);
  expect(verdicts).not.toContain('miss');
});

test.each<{ title: string; met: Results; missed: Results }>([
  {
    title: '`--help`',
    met: { ...goodResults, helpMs: spread(300) },
    missed: { ...goodResults, helpMs: spread(301) },
  },
  {
    title: 'second `up`',
    met: withLifecycle({ secondMs: [3_000, 9_000, 1_000] }),
    missed: withLifecycle({ secondMs: [3_001] }),
  },
  {
    title: '`down`',
    met: withLifecycle({ downMs: [5_000] }),
    missed: withLifecycle({ downMs: [5_001] }),
  },
  {
    title: 'memory of an idle instance (PSS)',
    met: withLifecycle({ idleBytes: [1.5 * 2 ** 30] }),
    missed: withLifecycle({ idleBytes: [1.5 * 2 ** 30 + 1] }),
  },
  {
    title: 'ssh tunnel back after: link down',
    met: withRecovery([5_000, 100]),
    missed: withRecovery([5_001, 100, 100]),
  },
  {
    title: '`up` on Minikube, beyond `minikube start`',
    met: onMinikube({ beyondStartMs: spread(20_000) }),
    missed: onMinikube({ beyondStartMs: spread(20_001) }),
  },
  {
    title: 'second `up` on Minikube',
    met: onMinikube({ secondMs: spread(5_000) }),
    missed: onMinikube({ secondMs: spread(5_001) }),
  },
  {
    title: 'objects changed by it',
    met: onMinikube({ changedBySecond: [] }),
    missed: onMinikube({ changedBySecond: ['changed secrets default/x'] }),
  },
  {
    title: 'bytes lost of a stream',
    met: goodResults,
    missed: withSsh({ stream: { ...sshOf().stream, lost: { taskgate: 1, plain: 0 } } }),
  },
  {
    title: 'bytes lost by forwards while listeners change',
    met: goodResults,
    missed: withForward({ lostBytes: 1 }),
  },
  { title: 'listener 50 added, to first byte', met: firstByte(50, 700), missed: firstByte(50, 701) },
  { title: 'listener 200 added, to first byte', met: firstByte(200, 3_000), missed: firstByte(200, 3_001) },
])('the target of $title is met at its limit and missed above', ({ title, met, missed }) => {
  expect(verdictOf(met, title)).toBe('ok');
  expect(verdictOf(missed, title)).toBe('miss');
});

test('an object that a second up changed is named', () => {
  const results = withLifecycle({ changedBySecond: ['changed secrets default/x'] });
  expect(rowOf(results, 'objects changed by the second `up`')?.slice(2)).toEqual([
    '1',
    'miss',
    'changed secrets default/x',
  ]);
});

test.each([
  { change: { answers: 399 }, value: '1' },
  { change: { ended: true }, value: '0, connection ended' },
])('an open connection that loses $change is a miss', ({ change, value }) => {
  const results: Results = held ? { ...goodResults, held: { ...held, ...change } } : goodResults;
  const title = 'requests lost on an open connection while listeners come and go';
  expect(rowOf(results, title)?.slice(2, 4)).toEqual([value, 'miss']);
});

test('what was not measured is no verdict', () => {
  const { rows } = targetTable({ listeners: [] });
  expect(rows.map((row) => row.slice(2))).toEqual(rows.map(() => ['not measured', '', '']));
});

test('a forward that broke a connection is a miss, and says how kubectl did', () => {
  const title = 'bytes lost by forwards while listeners change';
  expect(rowOf(withForward({ broken: ['read ECONNRESET'] }), title)?.slice(2, 4)).toEqual([
    '0, connection ended',
    'miss',
  ]);
  expect(rowOf(goodResults, title)?.[4]).toContain('kubectl restarted 10 times to follow: 70 of 2.0 MB lost');
});

test('only the lines of the parts that are asked for are shown', () => {
  const { rows } = targetTable(goodResults, ['minikube']);
  expect(rows.map(([title]) => title)).toEqual([
    '`up` on Minikube, beyond `minikube start`',
    'second `up` on Minikube',
    'objects changed by it',
  ]);
});

test('what was lost is told with how much went through, and beside plain ssh', () => {
  expect(rowOf(goodResults, 'short connections lost in the ssh tunnel')?.slice(2)).toEqual([
    '0',
    'ok',
    'of 3 x 5000; plain ssh: 3',
  ]);
});
