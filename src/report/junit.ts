import { plainLines } from '../lib/text/plain.ts';
import { arrowOf, type Hop } from '../model/path.ts';
import type { Stage } from '../model/stage.ts';

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\n': '&#10;',
  '\t': '&#9;',
};

/** XML 1.0 cannot hold these, not even escaped: control characters, halves of surrogate pairs, and two more. */
const unwritable = /[^\t\n\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

const escapeXml = (text: string): string =>
  plainLines(text.replace(unwritable, '\ufffd')).replace(
    /[&<>"\n\t]/g,
    (character) => entities[character] ?? character,
  );

/** One thing that was tried; `failure` is what was wrong with it. */
export type Case = {
  readonly name: string;
  readonly className: string;
  readonly ms: number;
  readonly failure?: { readonly message: string; readonly text: string };
  /** What kept it from being judged. */
  readonly error?: { readonly message: string; readonly text: string };
  /** Why it did not run. */
  readonly skipped?: string;
};

const inSeconds = (ms: number): string => (ms / 1_000).toFixed(3);

const renderCase = ({ name, className, ms, failure, error, skipped }: Case): string => {
  const attributes = `name="${escapeXml(name)}" classname="${escapeXml(className)}" time="${inSeconds(ms)}"`;
  const wrong = failure ?? error;
  if (wrong) {
    const tag = failure ? 'failure' : 'error';
    const body = `<${tag} message="${escapeXml(wrong.message)}">${escapeXml(wrong.text)}</${tag}>`;
    return `    <testcase ${attributes}>${body}</testcase>`;
  }
  if (skipped !== undefined) return `    <testcase ${attributes}><skipped message="${escapeXml(skipped)}"/></testcase>`;
  return `    <testcase ${attributes}/>`;
};

const renderSuite = (name: string, cases: readonly Case[]): string => {
  const failures = cases.filter(({ failure }) => failure).length;
  const errors = cases.filter((one) => !one.failure && one.error).length;
  const skipped = cases.filter((one) => one.skipped !== undefined).length;
  const ms = cases.reduce((sum, one) => sum + one.ms, 0);
  const counts = `tests="${cases.length}" failures="${failures}" errors="${errors}" skipped="${skipped}"`;
  return [
    `  <testsuite name="${escapeXml(name)}" ${counts} time="${inSeconds(ms)}">`,
    ...cases.map(renderCase),
    '  </testsuite>',
  ].join('\n');
};

/** A step that failed with a note has said itself what it found. */
const stageCase = ({ title, startMs, endMs, outcome, note = '' }: Stage, error: string): Case => {
  const text = note || error;
  return {
    name: title,
    className: 'taskgate.stages',
    ms: Math.max(0, endMs - startMs),
    ...(outcome === 'failed' && { failure: { message: text.split('\n')[0] ?? '', text } }),
    ...(['skipped', 'cancelled', 'broken'].includes(outcome) && { skipped: note || outcome }),
  };
};

const hopCase = (hop: Hop): Case => {
  const { direction, ok, latencyMs = 0, evidence, finding } = hop;
  const text = finding ? `${evidence}\ncause: ${finding.cause}\nto fix: ${finding.hint}` : evidence;
  return {
    name: arrowOf(hop),
    className: `taskgate.hops.${direction}`,
    ms: latencyMs,
    ...(!ok && { failure: { message: finding?.cause ?? evidence, text } }),
  };
};

const renderSuites = (suites: readonly string[]): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="taskgate">\n${suites.join('\n')}\n</testsuites>\n`;

/** One suite of cases as JUnit XML. */
export const renderCases = (name: string, cases: readonly Case[]): string => renderSuites([renderSuite(name, cases)]);

/** The stages of a run and the hops of its proof as JUnit XML; `error` is what a failed stage failed with. */
export const renderJunit = (stages: readonly Stage[], hops: readonly Hop[], error = 'failed'): string => {
  const stageCases = stages.map((stage) => stageCase(stage, error));
  const suites = [
    renderSuite('taskgate stages', stageCases),
    ...(hops.length > 0 ? [renderSuite('taskgate hops', hops.map(hopCase))] : []),
  ];
  return renderSuites(suites);
};
