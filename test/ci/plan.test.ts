import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { allowedSkips } from '../../scripts/ci/allowed-skips.ts';
import { deadlineOf, runLimitMinutes } from '../../scripts/ci/main.ts';
import { comparing, only, plan, stagesOf } from '../../scripts/ci/plan.ts';
import config from '../../vitest.config.ts';

const root = join(import.meta.dirname, '..', '..');
const stages = stagesOf(plan);

test('keys differ, and each stage has a limit within the 90 minutes of the whole', () => {
  expect(new Set(stages.map(({ key }) => key)).size).toBe(stages.length);
  for (const { key, limitSeconds } of stages)
    expect([key, limitSeconds > 0 && limitSeconds < 5_400]).toEqual([key, true]);
});

test.each([
  ['100', 6_000_000, 100_000],
  [undefined, 6_000_000, 6_000_000],
  ['', 6_000_000, 6_000_000],
])('a run that began at %s s has its end 84 minutes later, of 90', (start, nowMs, startMs) => {
  expect(deadlineOf(start, nowMs)).toBe(startMs + runLimitMinutes * 60_000);
  expect(runLimitMinutes).toBe(84);
});

test('every project of Vitest is run by a stage', () => {
  const { projects = [] } = (config as { test?: { projects?: readonly { test: { name: string } }[] } }).test ?? {};
  expect(stages.flatMap(({ suite }) => suite ?? [])).toEqual(
    expect.arrayContaining(projects.map(({ test }) => test.name)),
  );
});

test('the files that compare the host are run once, after all others of their lane', () => {
  const isComparing = (file: string) => readFileSync(join(root, file), 'utf8').includes('takeHostSnapshot(');
  expect(globSync('test/e2e/**/*.test.ts', { cwd: root }).filter(isComparing).toSorted()).toEqual(comparing);
  const lane = plan.flat().find((one) => one.some(({ key }) => key === 'e2e')) ?? [];
  expect(lane.at(-1)?.command.slice(-comparing.length)).toEqual(comparing);
  const { command = [] } = lane.find(({ key }) => key === 'e2e') ?? {};
  expect(command).toEqual(expect.arrayContaining(comparing.map((file) => `--exclude=${file}`)));
});

test('native nodes are made by one lane', () => {
  const lanes = plan.at(-1)?.map((lane) => lane.map(({ key }) => key));
  expect(lanes).toEqual([
    ['package', 'docs', 'e2e', 'e2e-host'],
    ['api', 'process', 'rig', 'minikube'],
  ]);
});

test('the programs of this repository that stages run are there', () => {
  const programs = stages.flatMap(({ command }) => command.filter((word) => /^scripts\/.*\.ts$/.test(word)));
  expect(programs.length).toBeGreaterThan(2);
  expect(programs.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

test.each(allowedSkips)('$name is of a file that exists, of a suite of the plan, with a reason', ({
  name,
  suite,
  reason,
}) => {
  expect(existsSync(join(root, name.split(' > ')[0] ?? ''))).toBe(true);
  expect(stages.map((stage) => stage.suite)).toContain(suite);
  expect(reason).not.toBe('');
});

test('only some stages, in the order of the plan', () => {
  expect(stagesOf(only(plan, ['unit', 'lint'])).map(({ key }) => key)).toEqual(['lint', 'unit']);
  expect(() => only(plan, ['unit', 'units'])).toThrow(/^no stage units; there are: packages, /);
});
