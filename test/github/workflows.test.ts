import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

type Step = {
  readonly uses?: string;
  readonly if?: string;
  readonly with?: { readonly path?: string; readonly key?: string };
};
type Workflow = { readonly jobs: Readonly<Record<string, { readonly steps: readonly Step[] }>> };

const jobs = globSync('.github/workflows/*.yml').flatMap((path) =>
  Object.entries((parse(readFileSync(path, 'utf8')) as Workflow).jobs).map(([name, { steps }]) => ({
    path,
    name,
    steps,
  })),
);
const using = (steps: readonly Step[], action: string) => steps.filter(({ uses }) => uses?.startsWith(`${action}@`));

test.each(jobs)('$path, $name: what is cached is saved also where the job fails', ({ steps }) => {
  expect(using(steps, 'actions/cache')).toEqual([]); // it saves after a success only
  const saved = using(steps, 'actions/cache/save');
  const restored = using(steps, 'actions/cache/restore');
  const placeOf = (step: Step) => [step.with?.path, step.with?.key];
  expect(saved.map(placeOf)).toEqual(restored.map(placeOf));
  expect(saved.map((step) => step.if)).toEqual(saved.map(() => 'always()'));
});

test('the mutation run of a week goes on from that of the last', () => {
  const { steps = [] } = jobs.find(({ name }) => name === 'mutation') ?? {};
  expect(using(steps, 'actions/cache/save')).toHaveLength(1);
});
