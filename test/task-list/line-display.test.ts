import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type ReportState, startReporting } from '../../src/artifacts/store/progress.ts';
import type { Progress } from '../../src/lib/progress.ts';
import type { Outcome } from '../../src/model/stage.ts';
import { artifactsInput } from '../../src/providers/artifacts-input.ts';
import { showLines } from '../../src/task-list/line-display.ts';
import { commandContext } from '../support/context.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const show = () => {
  const lines: string[] = [];
  const display = showLines((text) => lines.push(text.trimEnd()));
  const end = (title: string, outcome: Outcome = 'done') =>
    display.ended({ title, startMs: 0, endMs: 4_100, outcome, note: 'as seen' });
  return { display, lines, end };
};

/** What the display gets of items that are fetched in the step `A`. */
const fetching = (display: ReturnType<typeof show>['display']) => {
  const context = commandContext({ folders: { stateDir: '/s', cacheDir: '/c' } });
  return artifactsInput(context, context.signal, (what) => display.reported('A', what)).report;
};

const working = (name: string, detail: string): Progress => ({ name, state: 'building', detail, phase: 'working' });

/** Goes through all states of an item, a package each 100 ms. */
const build = async (report: ReportState, packages: number): Promise<void> => {
  report('downloading', 'waiting for github.com');
  report('skipped-source', 'release: no network');
  report('waiting', 'another build to end');
  for (let done = 0; done < packages; done += 1) {
    report('building', `${done} of at most ${packages} packages`, `p${done}`);
    await vi.advanceTimersByTimeAsync(100);
  }
  report('done', 'v1 from go');
};

test('a cold run prints each state of each item once, and a summary each 15 s', async () => {
  const { display, lines, end } = show();
  display.started('A');
  const report = fetching(display);
  const names = Array.from({ length: 11 }, (_, index) => `item${index}`);
  for (const name of names) {
    const { report: reportState, stop } = startReporting(name, report);
    await build(reportState, 600);
    stop();
  }
  end('A');
  const summaries = lines.filter((line) => line.includes('; '));
  const states = lines.filter((line) => !line.includes('; '));
  expect(summaries.length).toBeGreaterThanOrEqual(43);
  expect(summaries.length).toBeLessThanOrEqual(44);
  expect(states).toHaveLength(names.length * 5 + 1);
  expect(new Set(lines).size).toBe(lines.length);
  expect(lines.at(-2)).toBe('  A: item10: done v1 from go, 1:00');
  expect(lines.at(-1)).toBe('✔ A (4.1s): as seen');
});

test('a change of state is printed at once, a change of detail is not', () => {
  const { display, lines } = show();
  display.started('A');
  display.reported('A', working('etcd', '1 of 9 packages'));
  display.reported('A', working('etcd', '2 of 9 packages'));
  expect(lines).toEqual(['  A: etcd: building 1 of 9 packages']);
  display.reported('A', { name: 'etcd', state: 'done', detail: 'v1', phase: 'done', elapsedMs: 4_000 });
  expect(lines.at(-1)).toBe('  A: etcd: done v1, 0:04');
});

test('the reason why each source was passed over is printed', () => {
  const { display, lines } = show();
  const { report, stop } = startReporting('etcd', fetching(display));
  report('skipped-source', 'mirror: 404');
  report('skipped-source', 'release: no network');
  report('failed', 'cannot get etcd');
  stop();
  expect(lines).toEqual([
    '  A: etcd: skipped-source mirror: 404',
    '  A: etcd: skipped-source release: no network',
    '  A: etcd: failed cannot get etcd',
  ]);
});

test('a summary says what is at work, and how much is done', () => {
  const { display, lines } = show();
  display.started('A');
  vi.advanceTimersByTime(14_000);
  display.reported('A', { name: 'crun', state: 'cached', phase: 'done' });
  display.reported('A', working('etcd', '1 of 9 packages'));
  display.reported('A', { ...working('etcd', '7 of 9 packages'), now: 'net/http', elapsedMs: 14_000 });
  display.reported('A', working('contour', '2 of 8 packages'));
  display.reported('A', { name: 'images', state: 'waiting', detail: 'the programs', phase: 'waiting' });
  display.reported('A', { name: 'Node dev', state: 'not registered yet' });
  vi.advanceTimersByTime(1_000);
  expect(lines.at(-1)).toBe(
    '  A: 1 of 4 done; building etcd (7 of 9 packages), contour (2 of 8 packages); waiting images; 0:15',
  );
});

test('no summary when nothing is at work, no longer says anything, or the step has ended', () => {
  const { display, lines, end } = show();
  for (const title of ['A', 'B', 'C', 'D']) display.started(title);
  display.reported('A', { name: 'etcd', state: 'done', phase: 'done' });
  display.reported('B', { name: 'Node dev', state: 'not registered yet' });
  display.reported('C', working('etcd', '1 of 9 packages'));
  end('C', 'failed');
  display.reported('D', { name: 'minikube: preload', state: 'downloading', detail: '42 %', phase: 'working' });
  vi.advanceTimersByTime(60_000);
  expect(lines).toEqual([
    '  A: etcd: done',
    '  B: Node dev: not registered yet',
    '  C: etcd: building 1 of 9 packages',
    '✖ C (4.1s): as seen',
    '  D: minikube: preload: downloading 42 %',
    '  D: 0 of 1 done; downloading minikube: preload (42 %); 0:15',
  ]);
});

test('verdicts of waits side by side are printed once for each change', () => {
  const { display, lines } = show();
  const say = (name: string, state: string) => display.reported('A', { name, state });
  for (let round = 0; round < 3; round += 1) {
    say('Gateway dev', 'no address yet');
    say('Deployment contour', 'no replica is available');
    display.reported('A', 'applying 5 CustomResourceDefinitions');
  }
  say('Gateway dev', 'its address is 1.2.3.4');
  expect(lines).toEqual([
    '  A: Gateway dev: no address yet',
    '  A: Deployment contour: no replica is available',
    '  A: applying 5 CustomResourceDefinitions',
    '  A: Gateway dev: its address is 1.2.3.4',
  ]);
});

test('a step that never started has no line', () => {
  const { display, lines } = show();
  display.ended({ title: 'A', startMs: -1, endMs: -1, outcome: 'cancelled' });
  expect(lines).toEqual([]);
});
