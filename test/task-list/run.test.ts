import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Stage } from '../../src/model/stage.ts';
import { makeResults } from '../../src/task-list/results.ts';
import { runSteps, type StepDisplay } from '../../src/task-list/run.ts';
import { type Definition, type Needs, type Step, stepsOf } from '../../src/task-list/step.ts';

type Log = { readonly log: string[] };
const silent: StepDisplay = { started() {}, reported() {}, ended() {} };
const idle = new AbortController().signal;

const define = stepsOf<Log>();
type More = Partial<Definition<Log, Needs<Log>, undefined, undefined>>;

const step = (title: string, more: More = {}): Step<Log, undefined> =>
  define<undefined>({
    title,
    run: async (_, { log }) => void log.push(title) as undefined,
    undo: async (_, { log }) => void log.push(`undo ${title}`),
    ...more,
  });

test('runs in order, and side by side where `after` allows', async () => {
  const log: string[] = [];
  const first = step('first');
  const slow = step('slow', {
    after: [first],
    run: async () => void (await pause(20).then(() => log.push('slow'))) as undefined,
  });
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
    run: async (_, __, { signal }) => pause(60_000, undefined, { signal }),
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
    run: async (_, __, { signal }) => {
      stop.abort(new Error('SIGINT'));
      return pause(60_000, undefined, { signal });
    },
  });
  await expect(runSteps([done, running], { log }, { display: silent, signal: stop.signal })).rejects.toThrow('SIGINT');
  expect(log).toEqual(['done', 'undo running']);
});

test('a result that no later step has used is released; an undo that fails is told, and hides neither', async () => {
  const [log, warnings]: string[][] = [[], []];
  const first = step('first', { release: async () => void log?.push('release first') });
  const unused = step('unused', { after: [first], release: async () => Promise.reject(new Error('no answer')) });
  const broken = step('broken', {
    needs: { first },
    after: [unused],
    run: async () => Promise.reject(new Error('no disk')),
    undo: async () => Promise.reject(new Error('the link is busy')),
  });
  const onWarning = (text: string) => warnings?.push(text);
  const running = runSteps([first, unused, broken], { log: log ?? [] }, { display: silent, signal: idle, onWarning });
  await expect(running).rejects.toThrow('no disk');
  expect(log).toEqual(['first', 'unused', 'release first']);
  expect(warnings).toEqual([
    '"unused" could not clean up after itself: no answer',
    '"broken" could not clean up after itself: the link is busy',
  ]);
});

test('a result that a later step has used is its own matter', async () => {
  const log: string[] = [];
  const first = step('first', { release: async () => void log.push('release first') });
  const user = step('user', { needs: { first } });
  const broken = step('broken', { after: [user], run: async () => Promise.reject(new Error('no disk')) });
  await expect(runSteps([first, user, broken], { log }, { display: silent, signal: idle })).rejects.toThrow('no disk');
  expect(log).toEqual(['first', 'user', 'undo broken']);
});

test('nothing is released when all went well', async () => {
  const log: string[] = [];
  const first = step('first', { release: async () => void log.push('release first') });
  await runSteps([first], { log }, { display: silent, signal: idle });
  expect(log).toEqual(['first']);
});

test('a step gets what the steps that it needs have made, also from one that was skipped', async () => {
  const made = define({ title: 'make', run: async () => 1 });
  const kept = define({ title: 'keep', skip: () => ({ because: 'it is there', value: 2 }), run: async () => 0 });
  const sum = define({ title: 'sum', needs: { made, kept }, run: async (given) => given.made + given.kept });
  const results = makeResults();
  await runSteps([made, kept, sum], { log: [] }, { display: silent, signal: idle, results });
  expect(results.get(sum)).toBe(3);
});

test('what was seen before is told to skip, run and undo', async () => {
  const log: string[] = [];
  const looked = define<undefined, Needs<Log>, string>({
    title: 'look',
    look: async () => 'old',
    skip: ({ seen }) => seen === 'new' && 'it is new',
    run: async ({ seen }, context) => {
      context.log.push(`ran on ${seen}`);
      throw new Error('no disk');
    },
    undo: async ({ seen }, context) => void context.log.push(`back to ${seen}`),
  });
  await expect(runSteps([looked], { log }, { display: silent, signal: idle })).rejects.toThrow('no disk');
  expect(log).toEqual(['ran on old', 'back to old']);
});

test('what could not be looked at was not begun, and is not undone', async () => {
  const log: string[] = [];
  const blind = step('blind', { look: async () => Promise.reject(new Error('cannot see')) });
  await expect(runSteps([blind], { log }, { display: silent, signal: idle })).rejects.toThrow('cannot see');
  expect(log).toEqual([]);
});

test('a step whose need no earlier step makes is a mistake of the list', async () => {
  const first = step('first');
  const second = step('second', { needs: { first } });
  const running = runSteps([second, first], { log: [] }, { display: silent, signal: idle });
  await expect(running).rejects.toThrow("step 'first' must stand before 'second'");
});

test('a note is shown with the stage, a warning goes to who collects them', async () => {
  const stages: Stage[] = [];
  const warnings: string[] = [];
  const noting = step('noting', {
    run: async (_, __, { note, warn }) => {
      warn('mind the gap');
      return note('3 objects');
    },
  });
  await runSteps(
    [noting],
    { log: [] },
    {
      ...{ display: silent, signal: idle },
      onStage: (stage) => stages.push(stage),
      onWarning: (text) => warnings.push(text),
    },
  );
  expect(stages).toMatchObject([{ outcome: 'done', note: '3 objects' }]);
  expect(warnings).toEqual(['mind the gap']);
});

test('what a step keeps stays, also when it fails after that', async () => {
  const keeping = define({
    title: 'keep',
    run: async (_, __, { keep }): Promise<number> => {
      keep(1);
      throw new Error('no disk');
    },
  });
  const results = makeResults();
  const running = runSteps([keeping], { log: [] }, { display: silent, signal: idle, results });
  await expect(running).rejects.toThrow('no disk');
  expect(results.find(keeping)).toBe(1);
});

test('a step that finds something broken has failed, and the steps after it still get what it made', async () => {
  const stages: Stage[] = [];
  const prove = define({
    title: 'prove',
    run: async (_, __, { note, fault }) => {
      fault('broken at b');
      note('as usual');
      return 1;
    },
  });
  const doubt = define({ title: 'doubt', run: async (_, __, { fault }) => fault('broken at c', 'broken') });
  const after = define({
    title: 'after',
    needs: { prove, doubt },
    run: async (given, { log }) => log.push(`${given.prove}`),
  });
  const log: string[] = [];
  const onStage = (stage: Stage) => stages.push(stage);
  await runSteps([prove, doubt, after], { log }, { display: silent, signal: idle, onStage });
  expect(stages).toMatchObject([
    { outcome: 'failed', note: 'broken at b' },
    { outcome: 'broken', note: 'broken at c' },
    { outcome: 'done' },
  ]);
  expect(log).toEqual(['1']);
});
