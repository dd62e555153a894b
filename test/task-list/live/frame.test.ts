import { expect, test } from 'vitest';
import { drawFrame, type Running } from '../../../src/task-list/live/frame.ts';

const wide = { columns: 100, rows: 24 };
const step = (title: string, more: Partial<Running> = {}): Running => ({ title, elapsedMs: 0, items: [], ...more });
const item = (name: string, phase: 'working' | 'waiting' | 'done', detail = '') => ({
  ...{ name, phase, detail, state: phase === 'working' ? 'building' : phase },
});

test('only what runs turns and has a clock; what has not begun is counted', () => {
  const running = [step('Start the cluster', { elapsedMs: 72_000 }), step('Load images')];
  expect(drawFrame({ running, waiting: 11, mark: '⠋' }, wide)).toEqual([
    '⠋ Start the cluster  1:12',
    '⠋ Load images',
    '◦ 11 more steps',
  ]);
});

test('each item at work has its own row, those that wait share one, and what is done is counted', () => {
  const items = [
    item('etcd', 'done'),
    item('kubernetes', 'working', '41 of at most 90 packages'),
    item('contour', 'working', '12.3 of 98.0 MB'),
    item('images', 'waiting'),
    item('coredns', 'waiting'),
  ];
  expect(drawFrame({ running: [step('Prepare', { items })], waiting: 0, mark: '⠋' }, wide)).toEqual([
    '⠋ Prepare',
    '  › kubernetes: building 41 of at most 90 packages',
    '  › contour: building 12.3 of 98.0 MB',
    '  › waiting: images, coredns',
    '  › 1 of 5 done',
  ]);
});

test.each([24, 10, 5, 3, 2, 1])('a window of %i rows is never overfull, and shows a step', (rows) => {
  const items = Array.from({ length: 12 }, (_, index) => item(`item${index}`, 'working'));
  const running = [step('A', { items }), step('B', { items }), step('C')];
  const lines = drawFrame({ running, waiting: 5, mark: '⠋' }, { columns: 80, rows });
  expect(lines.length).toBeLessThanOrEqual(Math.max(1, rows - 1));
  expect(lines[0]).toContain('A');
});

test('a line never reaches the edge of the window: a terminal would take two rows for it', () => {
  const running = [step('x'.repeat(200), { said: '漢'.repeat(100) })];
  const [first = '', second = ''] = drawFrame({ running, waiting: 0, mark: '⠋' }, { columns: 40, rows: 24 });
  expect([...first]).toHaveLength(40);
  // each of these takes two columns
  expect([...second].length).toBeLessThan(24);
});

test('nothing that a step quotes is obeyed by the terminal', () => {
  const running = [step('A', { said: 'evil\x1b[2J' })];
  expect(drawFrame({ running, waiting: 0, mark: '⠋' }, wide).join('')).not.toContain('\x1b');
});
