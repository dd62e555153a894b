import { expect, test } from 'vitest';
import type { Hop } from '../../src/model/path.ts';
import { renderHops } from '../../src/report/hop-table.ts';

const good: Hop = {
  direction: 'forward',
  from: 'client',
  to: 'gateway',
  ok: true,
  latencyMs: 0.84,
  evidence: 'the nonce came back',
};
const finding = { cause: 'nothing listens there', hint: 'start the master' };
const broken: Hop = { direction: 'reverse', from: 'task', to: 'master', ok: false, evidence: 'refused', finding };

test('a line for each hop, in columns', () => {
  const other: Hop = { ...good, from: 'gateway', to: 'task pod', latencyMs: 12.6 };
  expect(renderHops([good, other])).toBe(
    [
      '✔ forward  client ──> gateway      0.8 ms  the nonce came back\n',
      '✔ forward  gateway ──> task pod     13 ms  the nonce came back\n',
    ].join(''),
  );
});

test('what must fail has an arrow that ends', () => {
  const closed: Hop = { direction: 'closed', from: 'pod', to: 'host', ok: true, evidence: 'timed out' };
  expect(renderHops([closed])).toBe('✔ closed   pod ──x host            timed out\n');
});

test('cause and way out stand below the first broken hop that has them, and only there', () => {
  const unexplained: Hop = { direction: 'forward', from: 'a', to: 'b', ok: false, evidence: 'not tried' };
  const later: Hop = { ...broken, finding: { cause: 'other', hint: 'other' } };
  const lines = renderHops([good, unexplained, broken, later]).split('\n');
  expect(lines).toHaveLength(7);
  expect(lines[2]).toMatch(/^✖ reverse {2}task ──> master .*refused$/);
  expect(lines.slice(3, 5)).toEqual(['    cause: nothing listens there', '    to fix: start the master']);
  expect(lines[5]).toMatch(/^✖ reverse/);
});

test('no blanks at the end of a line without evidence', () => {
  expect(renderHops([{ ...good, evidence: '' }])).toMatch(/ms\n$/);
});

test('a finding of a hop that works is not shown', () => {
  expect(renderHops([{ ...good, finding }])).not.toContain('cause');
});

test('no hops, no lines', () => expect(renderHops([])).toBe(''));
