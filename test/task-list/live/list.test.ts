import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Outcome } from '../../../src/model/stage.ts';
import { showLive } from '../../../src/task-list/live/list.ts';
import { screenOf } from '../../support/process/screen.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const show = (titles: readonly string[], size = { columns: 80, rows: 24 }) => {
  const written: string[] = [];
  const { display, say, close } = showLive(titles, { write: (text) => written.push(text), size: () => size });
  const end = (title: string, outcome: Outcome = 'done', startMs = 0) =>
    display.ended({ title, startMs, endMs: startMs < 0 ? startMs : 1_000, outcome });
  /** What is seen once listr2 has gone on to the next state of its tasks. */
  const screen = async () => {
    await vi.advanceTimersByTimeAsync(0);
    return screenOf(written.join(''));
  };
  return { display, say, close, end, written, screen };
};

test('one failure is one cross: what never began leaves no line', async () => {
  const { display, end, screen } = show(['A', 'B', 'C', 'D']);
  display.started('A');
  end('A');
  display.started('B');
  end('B', 'failed');
  for (const title of ['C', 'D']) end(title, 'cancelled', -1);
  expect(await screen()).toEqual(['✔ A (1.0s)', '✖ B (1.0s)']);
});

test('a step that was interrupted did not fail', async () => {
  const { display, end, screen } = show(['A']);
  display.started('A');
  end('A', 'cancelled');
  expect(await screen()).toEqual(['■ A (1.0s)']);
});

test('each picture takes the place of the last one, also of a higher one', async () => {
  const { display, screen } = show(['A', 'B']);
  display.started('A');
  for (const name of ['etcd', 'contour', 'images']) {
    display.reported('A', { name, state: 'building', phase: 'working' });
  }
  await vi.advanceTimersByTimeAsync(200);
  expect(await screen()).toHaveLength(5);
  for (const name of ['etcd', 'contour']) display.reported('A', { name, state: 'done', phase: 'done' });
  await vi.advanceTimersByTimeAsync(200);
  expect((await screen()).slice(1)).toEqual(['  › images: building', '  › 2 of 3 done', '◦ 1 more step']);
});

test('a list that is taller than the window shows each line once', async () => {
  const titles = Array.from({ length: 30 }, (_, index) => `Step ${index}`);
  const { display, end, screen } = show(titles, { columns: 80, rows: 10 });
  for (const title of titles) {
    display.started(title);
    end(title);
  }
  expect(await screen()).toEqual(titles.map((title) => `✔ ${title} (1.0s)`));
});

test('a line between the steps stays', async () => {
  const { display, say, end, screen } = show(['A']);
  display.started('A');
  say('cleaning up; Ctrl-C again quits at once');
  end('A', 'cancelled');
  expect(await screen()).toEqual(['cleaning up; Ctrl-C again quits at once', '■ A (1.0s)']);
});

test('the cursor is never hidden, so that nothing need show it again', async () => {
  const { display, end, written } = show(['A']);
  display.started('A');
  await vi.advanceTimersByTimeAsync(1_000);
  end('A');
  expect(written.join('')).not.toContain('\x1b[?25');
});

test('after its last step a list draws no more', async () => {
  const { display, end, written, screen } = show(['A', 'B']);
  display.started('A');
  end('A', 'failed');
  end('B', 'cancelled', -1);
  await screen();
  const { length } = written;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(written).toHaveLength(length);
});

test('a list that is closed early ends, and what had not ended leaves no line', async () => {
  const { display, close, end, screen } = show(['A', 'B', 'C']);
  display.started('A');
  end('A', 'skipped');
  display.started('B');
  await close();
  expect(await screen()).toEqual(['↓ A']);
  expect(vi.getTimerCount()).toBe(0);
});

test('a list of steps that never began is closed, too', async () => {
  const { close, written } = show(['A']);
  await close();
  expect(written).toEqual([]);
});

test('what a step says is on the next picture, and gives way to what it says then', async () => {
  const { display, screen } = show(['A']);
  display.started('A');
  for (const said of ['waiting for 100% of it', { name: 'Node dev', state: 'not ready', detail: 'yet' }]) {
    display.reported('A', said);
  }
  await vi.advanceTimersByTimeAsync(100);
  expect((await screen()).slice(1)).toEqual(['  › Node dev: not ready yet']);
});
