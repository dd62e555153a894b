import { allowedSkips } from './allowed-skips.ts';
import { runningIn } from './events.ts';
import { type Expected, leastOf } from './expected.ts';
import { type Ending, judgeCommand, judgeSuite, type Verdict } from './judge.ts';
import type { Phase } from './plan.ts';
import { filesOf, readEvents, readOrEmpty, runStage, type Stage, type StageFiles } from './run-stage.ts';
import { filesOfCommand } from './suite-files.ts';
import type { StageResult } from './table.ts';

const heartbeatMs = 60_000;

export type LanesContext = {
  readonly reportsDir: string;
  readonly expected: Expected;
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
};

const secondsSince = (startMs: number): number => (performance.now() - startMs) / 1_000;

const judge = async (stage: Stage, files: StageFiles, ending: Ending, expected: Expected): Promise<Verdict> => {
  const { suite } = stage;
  if (suite === undefined) return judgeCommand(ending);
  const rules = { suite, least: leastOf(expected, suite), files: filesOfCommand(stage.command), allowedSkips };
  return judgeSuite(await readEvents(files), ending, rules);
};

/** What shows that a stage is alive: its running tests, or the last line of its output. */
const describeProgress = async (stage: Stage, files: StageFiles): Promise<string> => {
  if (stage.suite === undefined) return (await readOrEmpty(files.log)).trimEnd().split('\n').at(-1)?.trim() ?? '';
  const events = await readEvents(files);
  const ended = events.filter(({ event }) => event === 'end').length;
  return `${ended} tests ended; running: ${runningIn(events).slice(0, 3).join('; ')}`;
};

/** Its own command may be in order: the run could not write its files, or read what it told. */
const notRunnable = (error: unknown): Verdict => {
  const problem = `could not be run: ${error instanceof Error ? error.message : String(error)}`;
  return { passed: 0, failed: 1, skipped: 0, problems: [problem], retried: [] };
};

const verdictOf = async (stage: Stage, files: StageFiles, { signal, expected }: LanesContext): Promise<Verdict> => {
  try {
    return await judge(stage, files, await runStage(stage, files, signal), expected);
  } catch (error) {
    return notRunnable(error); // the other stages go on, and all are counted
  }
};

/** Its output is printed whole when it ends, since another lane's would be mixed into it. */
const runOne = async (stage: Stage, context: LanesContext): Promise<StageResult> => {
  const { say } = context;
  const files = filesOf(context.reportsDir, stage);
  const startMs = performance.now();
  say(`... ${stage.title}: begins`);
  const beat = setInterval(async () => {
    say(`... ${stage.title}: ${Math.round(secondsSince(startMs))} s; ${await describeProgress(stage, files)}`);
  }, heartbeatMs);
  const verdict = await verdictOf(stage, files, context).finally(() => clearInterval(beat));
  const seconds = secondsSince(startMs);
  const { passed, failed, skipped } = verdict;
  say(`\n=== ${stage.title}: ${passed} passed, ${failed} failed, ${skipped} skipped, ${Math.round(seconds)} s`);
  say(await readOrEmpty(files.log));
  return { title: stage.title, seconds, verdict };
};

const runLane = async (lane: readonly Stage[], context: LanesContext): Promise<readonly StageResult[]> => {
  const results: StageResult[] = [];
  for (const stage of lane) {
    const { title } = stage;
    results.push(context.signal.aborted ? { title, seconds: 0, verdict: undefined } : await runOne(stage, context));
  }
  return results;
};

/** Runs all stages, whatever fails; after an abort those that have not begun are results without a verdict. */
export const runPhases = async (phases: readonly Phase[], context: LanesContext): Promise<readonly StageResult[]> => {
  const results: StageResult[] = [];
  for (const lanes of phases) {
    results.push(...(await Promise.all(lanes.map((lane) => runLane(lane, context)))).flat());
  }
  return results;
};
