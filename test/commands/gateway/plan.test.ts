import { expect, test } from 'vitest';
import { planClean, renderRows } from '../../../src/commands/gateway/plan.ts';
import type { Holding } from '../../../src/gateway/leaks/holdings.ts';
import { taskOf } from '../../support/gateway/holdings.ts';

const master = { clusterId: 'c', version: '0.38.1' };
const holding = (state: Holding['state'], more: Partial<Holding> = {}): Holding => ({
  ...{ allocationId: `${state}.1`, state, ports: [], objects: [] },
  ...more,
});
const keptOf = (state: Holding['state'], options: Partial<Parameters<typeof planClean>[1]>) =>
  planClean([holding(state)], { master: undefined, ended: false, ...options })[0]?.kept;

test.each([
  ['gone', {}, undefined],
  ['gone', { master }, undefined],
  ['ended', {}, 'its Job is still there, for 15 minutes after its end: --ended frees it now'],
  ['ended', { ended: true }, undefined],
  ['ended', { ended: true, master }, expect.stringContaining('a master answers')],
  ['ended', { master }, expect.stringContaining('a master answers')],
  ['new', { ended: true }, expect.stringContaining('look again in two minutes')],
  ['elsewhere', { ended: true }, expect.stringContaining("not this instance's")],
] as const)('a task that is %s, with %j: kept because %s', (state, options, kept) => {
  expect(keptOf(state, options)).toEqual(kept);
});

test('what lives is not listed', () => {
  expect(planClean([holding('lives')], { master: undefined, ended: true })).toEqual([]);
});

test('the table has a line for each object; its age is that of the oldest', () => {
  const { routes, services } = taskOf('a', [20000]);
  const since = '2026-11-24T09:00:00Z';
  const held = [{ port: 20000, hasListener: true }];
  const rows = planClean(
    [holding('gone', { allocationId: 'a.1', ports: held, objects: [...routes, ...services], since }), holding('ended')],
    { master: undefined, ended: false },
  );
  expect(renderRows(rows, Date.parse('2026-11-24T12:30:00Z'))).toBe(`PORTS  TASK     AGE  STATE             LEFT
20000  a.1      3 h  no Job, no pod    listener det-20000
                                       TCPRoute default/det-a1b2c3d4-cmd-a-0
                                       Service default/det-a1b2c3d4-cmd-a-0
-      ended.1  -    Job has finished  -
                                       (stays: its Job is still there, for 15 minutes after its end: --ended frees it now)`);
});

test.each([
  ['2026-11-24T12:01:00Z', '0 min'],
  ['2026-11-24T11:01:00Z', '59 min'],
  ['2026-11-24T10:00:00Z', '2 h'],
  ['2026-11-23T00:00:00Z', '36 h'],
  ['2026-11-20T12:00:00Z', '4 d'],
])('made at %s: %s', (since, age) => {
  const [row] = planClean([holding('gone', { since })], { master: undefined, ended: false });
  expect(row && renderRows([row], Date.parse('2026-11-24T12:00:00Z'))).toContain(`  ${age}  `);
});
