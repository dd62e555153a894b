import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseYaml } from '../../../src/lib/template.ts';
import { root } from './commands.ts';

/** A step of either: GitHub has `run` and `if`, CircleCI `run`, or `run` with `command` and `when`. */
type Run = { readonly command: string; readonly when: string };
type Step =
  | string
  | { readonly run?: string | { readonly command: string; readonly when?: string }; readonly if?: string };
type Job = { readonly steps: readonly Step[] };

const runOf = (step: Step): readonly Run[] => {
  if (typeof step === 'string' || step.run === undefined) return [];
  if (typeof step.run === 'string') return [{ command: step.run, when: step.if ?? '' }];
  return [{ command: step.run.command, when: step.run.when ?? '' }];
};

/** What the steps of an example's jobs run, in their order, each with its condition. */
export const runsOf = (file: string): readonly Run[] => {
  const { jobs } = parseYaml(readFileSync(join(root, 'examples', file), 'utf8')) as {
    readonly jobs: Readonly<Record<string, Job>>;
  };
  return Object.values(jobs).flatMap(({ steps }) => steps.flatMap(runOf));
};
