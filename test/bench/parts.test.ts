import { expect, test } from 'vitest';
import { parseWish, partNames, planParts, reportName } from '../../scripts/bench/parts.ts';

test.each([
  { args: [], wish: { quick: false, parts: partNames } },
  { args: ['--quick'], wish: { quick: true, parts: partNames } },
  { args: ['--only', 'ssh'], wish: { quick: false, parts: ['ssh'] } },
  { args: ['--only=minikube,listeners', '--quick'], wish: { quick: true, parts: ['listeners', 'minikube'] } },
])('$args', ({ args, wish }) => {
  expect(parseWish(args)).toEqual(wish);
});

test.each([
  { args: ['--fast'], problem: "unknown argument '--fast'" },
  { args: ['--quick=yes'], problem: "unknown argument '--quick=yes'" },
  { args: ['--only', 'ssh,sch'], problem: "--only: no part 'sch'; there are lifecycle, listeners," },
  { args: ['--only'], problem: "--only: no part ''" },
])('$args is refused', ({ args, problem }) => {
  expect(parseWish(args)).toContain(problem);
});

test.each([
  { parts: partNames, name: 'bench' },
  { parts: ['ssh', 'minikube'] as const, name: 'bench-ssh-minikube' },
])('results of $parts are in $name', ({ parts, name }) => {
  expect(reportName(parts)).toBe(name);
});

test('every part is planned; one that is not wanted is not looked at', async () => {
  const plans = await planParts({ quick: true, parts: [] }, new AbortController().signal);
  expect(plans).toEqual(partNames.map((part) => ({ part, isWanted: false })));
});
