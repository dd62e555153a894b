import type { Stage } from '../../../src/model/stage.ts';
import type { MeasuredStage } from '../stage.ts';
import type { MemorySample } from './memory.ts';

/**
 * Gives each stage the peaks of the samples that fall into it. `begunAtMs` is when the stages' clock started, in the
 * samples' time. A stage shorter than the pause between samples may have none.
 */
export const withPeaks = (
  stages: readonly Stage[],
  begunAtMs: number,
  samples: readonly MemorySample[],
): readonly MeasuredStage[] =>
  stages.map((stage) => {
    const inside = samples.filter(
      ({ atMs }) => atMs >= begunAtMs + stage.startMs && atMs <= begunAtMs + stage.endMs && stage.outcome === 'done',
    );
    if (inside.length === 0) return stage;
    return {
      ...stage,
      peakUsageBytes: Math.max(...inside.map(({ usageBytes }) => usageBytes)),
      peakAnonymousBytes: Math.max(...inside.map(({ anonymousBytes }) => anonymousBytes)),
    };
  });

/** When the stages' clock started: report.json is written at the end of the last one. */
export const begunAt = (stages: readonly Stage[], reportWrittenAtMs: number): number =>
  reportWrittenAtMs - Math.max(0, ...stages.map(({ endMs }) => endMs));
