import { expect, onTestFinished, test, vi } from 'vitest';
import type { Outcome, Stage } from '../../src/model/stage.ts';
import { logGroups } from '../../src/task-list/github-groups.ts';

const stage = (title: string, outcome: Outcome = 'done', startMs = 0): Stage => ({
  ...{ title, startMs, endMs: 4_100, outcome, note: outcome },
});

const show = () => {
  const written: string[] = [];
  const display = logGroups((text) => written.push(text));
  return { display, text: () => written.join('') };
};

test('folds what each step said below how it ended, though they ran side by side', () => {
  const { display, text } = show();
  display.started('A');
  display.started('B');
  display.reported('A', 'one');
  display.reported('B', 'two');
  display.reported('A', 'one');
  display.reported('A', 'three');
  display.ended(stage('B'));
  display.ended(stage('A'));
  expect(text()).toBe(
    '· A ...\n· B ...\n::group::B (4.1s): done\n· two\n::endgroup::\n::group::A (4.1s): done\n· one\n· three\n::endgroup::\n',
  );
});

test('a step that said nothing is one line, one that never started none', () => {
  const { display, text } = show();
  display.ended(stage('A', 'skipped'));
  display.ended(stage('B', 'cancelled', -1));
  expect(text()).toBe('A: skipped\n');
});

test('a failed step stays open and is marked', () => {
  const { display, text } = show();
  display.reported('A', 'one');
  display.ended(stage('A', 'failed'));
  expect(text()).toBe('· one\n::error title=taskgate::A (4.1s): failed\n');
});

test('what a program says is no command to the runner', () => {
  const { display, text } = show();
  display.reported('A', '::set-env name=X::y\n::endgroup::');
  display.reported('A', '##[error]boom');
  display.ended(stage('A'));
  display.ended(stage('B 100%\n::error::'));

  const lines = text().split('\n');
  expect(lines.filter((line) => line.trimStart().startsWith('::'))).toEqual([
    '::group::A (4.1s): done',
    '::endgroup::',
  ]);
  expect(text()).not.toContain('##[');
  expect(text()).toMatch(/\nB 100% ::error:: \(4\.1s\): done\n$/);
});

test('a heading is data of the command', () => {
  const { display, text } = show();
  display.reported('A 100%', 'one');
  display.ended(stage('A 100%'));
  expect(text()).toBe('::group::A 100%25 (4.1s): done\n· one\n::endgroup::\n');
});

test('only changes of state are folded; a summary stands between the groups while there is work', () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { display, text } = show();
  display.started('A');
  for (const count of [1, 2, 3]) {
    display.reported('A', { name: 'etcd', state: 'building', detail: `${count} of 3`, phase: 'working' });
  }
  vi.advanceTimersByTime(15_000);
  display.reported('A', { name: 'etcd', state: 'done', detail: 'v1', phase: 'done' });
  vi.advanceTimersByTime(60_000);
  display.ended(stage('A'));
  expect(text()).toBe(
    '· A ...\n· A: 0 of 1 done; building etcd (3 of 3); 0:15\n' +
      '::group::A (4.1s): done\n· etcd: building 1 of 3\n· etcd: done v1\n::endgroup::\n',
  );
});
