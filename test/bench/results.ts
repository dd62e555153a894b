import type { Results } from '../../scripts/bench/results.ts';

const spread = (median: number) => ({ count: 3, median, min: median - 10, max: median + 10 });
const compared = { gateway: spread(900), direct: spread(1_800), ratio: { count: 2, median: 0.5, min: 0.4, max: 0.6 } };

/** A run in which everything was measured and every target met. */
export const goodResults: Results = {
  startedAt: '2026-11-24T03:00:00.000Z',
  quick: false,
  machine: {
    cores: 2,
    cpu: 'Test <CPU>',
    memoryBytes: 8 * 2 ** 30,
    kernel: '6.1',
    node: 'v24.0.0',
    loadAverage: [0.5, 0.25, 0],
  },
  problems: [],
  helpMs: spread(150),
  lifecycle: {
    cold: [15_000, 17_000, 16_000].map((ms) => ({
      ms,
      cpuSeconds: 14,
      stages: [
        { title: 'Start the cluster', startMs: 0, endMs: ms, outcome: 'done', peakAnonymousBytes: 2 ** 29 },
        { title: 'Load images', startMs: ms, endMs: ms, outcome: 'skipped' },
      ],
    })),
    secondMs: [1_100, 1_200, 1_300],
    changedBySecond: [],
    smokeMs: [900],
    warm: [{ ms: 9_000, cpuSeconds: 6, stages: [] }],
    downMs: [700, 800, 900],
    idleBytes: [2 ** 30],
  },
  traffic: { connectionsPerSecond: compared, failedConnections: 0, bytesPerSecond: compared },
  held: { listeners: 50, requests: 400, answers: 400, longestAnswerMs: 70, ended: false },
  listeners: [1, 50, 200].flatMap((listeners) =>
    [213, 220].map((listenerLimit) => ({
      listenerLimit,
      listeners,
      writeMs: spread(100),
      firstByteMs: spread(400),
      load: 1.5,
    })),
  ),
};
