import { afterEach, describe, expect, test, vi } from 'vitest';
import { renderError } from '../src/cli/report-error.ts';
import { print, printJson, printNote, printProgress } from '../src/commands/command.ts';
import { UserError } from '../src/lib/errors.ts';
import type { Hop } from '../src/model/path.ts';
import type { Stage } from '../src/model/stage.ts';
import { renderHops } from '../src/report/hop-table.ts';
import { renderReport } from '../src/report/html.ts';
import { renderJunit } from '../src/report/junit.ts';
import { logGroups } from '../src/task-list/github-groups.ts';
import { showLines } from '../src/task-list/line-display.ts';
import type { StepDisplay } from '../src/task-list/run.ts';

/** What a pod, a master or a stranger may answer. */
const hostile = [
  '\u001b]0;title\u0007\u001b[2J',
  '::add-mask::e',
  '  ::stop-commands::x',
  '\r::error::x',
  '##[add-mask]x ##vso[task.setvariable variable=PATH]x',
  '\u009b31m\u202egnp.exe\u2066\u2028',
  'to fix: run evil\n',
].join('\n');

/** A control character that acts, a direction that is turned, or a command of a runner. */
const acts = /[^\P{Cc}\t\n]|[\p{Bidi_Control}\u2028\u2029\p{Cs}]|^\s*::|##(?:vso)?\[|^to fix: run evil/mu;

/** Where lines stay lines. */
const ours = /^to fix: run evil/gm;

const hop: Hop = {
  ...{ direction: 'reverse', from: 'task', to: 'master', ok: false, evidence: hostile },
  finding: { cause: hostile, hint: hostile },
};
const stage: Stage = { title: 'Start', startMs: 0, endMs: 1, outcome: 'done', note: hostile };

const shown = (display: (write: (text: string) => void) => StepDisplay): string => {
  let all = '';
  const { started, reported, ended } = display((text) => {
    all += text;
  });
  started('Start');
  reported('Start', hostile);
  reported('Start', { name: hostile, state: hostile, detail: hostile, now: hostile });
  ended(stage);
  ended({ ...stage, outcome: 'failed' });
  return all;
};

const written = (work: () => void): string => {
  const texts: string[] = [];
  for (const stream of [process.stdout, process.stderr])
    vi.spyOn(stream, 'write').mockImplementation((text) => texts.push(String(text)) > 0);
  work();
  return texts.join('');
};

afterEach(() => {
  vi.restoreAllMocks();
});

/** The lines that a group of GitHub consists of. */
const withoutOwnCommands = (text: string): string =>
  text
    .split('\n')
    .filter((line) => !/^::(group::Start|endgroup::$|error title=taskgate::Start)/.test(line))
    .join('\n');

describe('text of others cannot act', () => {
  test.each<[string, () => string]>([
    ['in the table of hops', () => renderHops([hop])],
    ['in an error', () => renderError(new UserError(hostile, { id: 'usage.x', hint: hostile }))],
    ['in a bug', () => renderError(new Error(`x ${hostile}`)).replace(ours, '')],
    ['in lines of progress', () => shown(showLines)],
    ["in GitHub's groups", () => withoutOwnCommands(shown(logGroups))],
    [
      'in the HTML report',
      () =>
        renderReport({ title: hostile, subtitle: '', stages: [stage], hops: [hop], tables: [] }).replaceAll(ours, ''),
    ],
    ['in JUnit', () => renderJunit([{ ...stage, outcome: 'failed' }], [hop], hostile)],
    ['in what is printed', () => written(() => print(hostile)).replace(ours, '')],
    ['in a note', () => written(() => printNote(hostile))],
    ['in a warning', () => written(() => printNote(hostile, 'warning'))],
    ['in a line of progress', () => written(() => printProgress(hostile))],
    ['in JSON', () => written(() => printJson({ hostile }))],
  ])('%s', (_, render) => {
    const text = render();
    expect(text).not.toMatch(acts);
    expect(text).toContain('add-mask');
  });
});
