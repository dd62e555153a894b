import { expect, test } from 'vitest';
import type { Hop } from '../../src/model/path.ts';
import type { Stage } from '../../src/model/stage.ts';
import { renderJunit } from '../../src/report/junit.ts';

const stages: readonly Stage[] = [
  { title: 'Check this machine', startMs: 0, endMs: 120, outcome: 'done', note: 'native provider' },
  { title: 'Load images', startMs: 120, endMs: 121, outcome: 'skipped', note: 'nothing to do' },
  { title: 'Start <the> "cluster" & wait', startMs: 120, endMs: 4_120, outcome: 'failed' },
  { title: 'Wait', startMs: 120, endMs: 130, outcome: 'cancelled' },
];
const hops: readonly Hop[] = [
  { direction: 'forward', from: 'host', to: '10.0.0.2:20000', ok: true, latencyMs: 3.8, evidence: 'connected' },
  {
    direction: 'reverse',
    from: 'pod',
    to: 'DET_MASTER',
    ok: false,
    evidence: 'no answer',
    finding: { cause: 'it listens on 127.0.0.1 only', hint: 'let it listen on all addresses' },
  },
];

test('stages and hops are suites of their own', () => {
  expect(renderJunit(stages, hops, 'boom: x < y\nsee the log')).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="taskgate">
  <testsuite name="taskgate stages" tests="4" failures="1" errors="0" skipped="2" time="4.131">
    <testcase name="Check this machine" classname="taskgate.stages" time="0.120"/>
    <testcase name="Load images" classname="taskgate.stages" time="0.001"><skipped message="nothing to do"/></testcase>
    <testcase name="Start &lt;the&gt; &quot;cluster&quot; &amp; wait" classname="taskgate.stages" time="4.000"><failure message="boom: x &lt; y">boom: x &lt; y&#10;see the log</failure></testcase>
    <testcase name="Wait" classname="taskgate.stages" time="0.010"><skipped message="cancelled"/></testcase>
  </testsuite>
  <testsuite name="taskgate hops" tests="2" failures="1" errors="0" skipped="0" time="0.004">
    <testcase name="host ──&gt; 10.0.0.2:20000" classname="taskgate.hops.forward" time="0.004"/>
    <testcase name="pod ──&gt; DET_MASTER" classname="taskgate.hops.reverse" time="0.000"><failure message="it listens on 127.0.0.1 only">no answer&#10;cause: it listens on 127.0.0.1 only&#10;to fix: let it listen on all addresses</failure></testcase>
  </testsuite>
</testsuites>
`);
});

test('a run without a proof has no suite of hops', () => {
  expect(renderJunit([], [])).not.toContain('hops');
});

test('characters that XML cannot hold are replaced', () => {
  const [stage] = stages;
  const title = `a\u0000b\u001bc\ud800d\ue000\u{1f680}`;
  const xml = renderJunit(stage ? [{ ...stage, title }] : [], []);
  expect(xml).toContain('name="a\ufffdb\ufffdc\ufffdd\ue000\u{1f680}"');
});

test('a step that found the path broken has failed with what it found; one that another step made good has not', () => {
  const at = { startMs: 0, endMs: 1_000 };
  const xml = renderJunit(
    [
      { title: 'Prove the path', ...at, outcome: 'failed', note: 'broken at a ──> b' },
      { title: 'Try', ...at, outcome: 'broken', note: 'broken at c; a tunnel is tried instead' },
    ],
    [],
  );
  expect(xml).toContain('<failure message="broken at a ──&gt; b">');
  expect(xml).toContain('<skipped message="broken at c; a tunnel is tried instead"/>');
  expect(xml).toContain('tests="2" failures="1" errors="0" skipped="1"');
});
