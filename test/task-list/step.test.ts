import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Stage } from '../../src/model/stage.ts';
import { runSteps, type Step, type StepDisplay } from '../../src/task-list/step.ts';

type Log = { readonly log: string[] };
const silent: StepDisplay = { started() {}, reported() {}, ended() {} };
const idle = new AbortController().signal;

const step = (title: string, more: Partial<Step<Log>> = {}): Step<Log> => ({
  title,
  run: async ({ log }) => {
    log.push(title);
  },
  undo: async ({ log }) => {
    log.push(`undo ${title}`);
  },
  ...more,
});

test('runs in order, and side by side where `after` allows', async () => {
  const log: string[] = [];
  const first = step('first');
  const slow = step('slow', { after: [first], run: async () => void (await pause(20).then(() => log.push('slow'))) });
  const quick = step('quick', { after: [first] });
  const last = step('last', { after: [slow, quick] });
  await runSteps([first, slow, quick, last], { log }, { display: silent, signal: idle });
  expect(log).toEqual(['first', 'quick', 'slow', 'last']);
});

test('a skipped step gives its reason and does not run', async () => {
  const log: string[] = [];
  const stages: Stage[] = [];
  const skipped = step('make', { skip: () => 'it is there' });
  await runSteps([skipped], { log }, { display: silent, signal: idle, onStage: (stage) => stages.push(stage) });
  expect(log).toEqual([]);
  expect(stages).toMatchObject([{ title: 'make', outcome: 'skipped', note: 'it is there' }]);
});

test('a failure aborts the others, undoes what was begun, starts nothing more, and is thrown', async () => {
  const log: string[] = [];
  const endless = step('endless', {
    after: [],
    run: async (_, { signal }) => void (await pause(60_000, undefined, { signal })),
  });
  const broken = step('broken', { after: [], run: async () => Promise.reject(new Error('no disk')) });
  const never = step('never', { after: [broken] });
  const running = runSteps([endless, broken, never], { log }, { display: silent, signal: idle });
  await expect(running).rejects.toThrow('no disk');
  expect(log).toEqual(['undo broken', 'undo endless']);
});

test('an interruption undoes the running step only and gives its reason', async () => {
  const log: string[] = [];
  const stop = new AbortController();
  const done = step('done');
  const running = step('running', {
    run: async (_, { signal }) => {
      stop.abort(new Error('SIGINT'));
      await pause(60_000, undefined, { signal });
    },
  });
  await expect(runSteps([done, running], { log }, { display: silent, signal: stop.signal })).rejects.toThrow('SIGINT');
  expect(log).toEqual(['done', 'undo running']);
});

test('a step that was done takes back what only a failed later one would have used; one bad undo hides neither', async () => {
  const log: string[] = [];
  const first = step('first', { abandon: async () => void log.push('abandon first') });
  const broken = step('broken', {
    run: async () => Promise.reject(new Error('no disk')),
    undo: async () => Promise.reject(new Error('undo failed')),
  });
  await expect(runSteps([first, broken], { log }, { display: silent, signal: idle })).rejects.toThrow('no disk');
  expect(log).toEqual(['first', 'abandon first']);
});

test('nothing is taken back when all went well', async () => {
  const log: string[] = [];
  const first = step('first', { abandon: async () => void log.push('abandon first') });
  await runSteps([first], { log }, { display: silent, signal: idle });
  expect(log).toEqual(['first']);
});
