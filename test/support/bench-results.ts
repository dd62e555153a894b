import { partNames } from '../../scripts/bench/parts.ts';
import type { Results } from '../../scripts/bench/results.ts';

const spread = (median: number) => ({ count: 3, median, min: median - 10, max: median + 10 });
const compared = { gateway: spread(900), direct: spread(1_800), ratio: { count: 2, median: 0.5, min: 0.4, max: 0.6 } };

const sshCompared = {
  amount: 5_000,
  ...{ taskgate: spread(900), plain: spread(1_000), ratio: { count: 2, median: 0.9, min: 0.8, max: 1 } },
  lost: { taskgate: 0, plain: 3 },
};
const losses = { connections: 20, sentBytes: 2e6, lostBytes: 0, broken: [] };

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
  parts: partNames.map((part) => ({ part, outcome: 'measured', detail: 'in 1.00 s' })),
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
    [256, 213].map((listenerLimit) => ({
      listenerLimit,
      listeners,
      writeMs: spread(100),
      firstByteMs: spread(400),
      load: 1.5,
    })),
  ),
  ssh: {
    ...{ short: sshCompared, concurrent: sshCompared, stream: sshCompared },
    recoveries: { 'ssh killed': [900], 'sshd restarted': [1_000], 'sshd down': [2_000], 'link down': [4_000, 3_000] },
  },
  forward: {
    changes: 1_000,
    taskgate: losses,
    kubectlLeftAlone: losses,
    kubectlFollowing: { ...losses, changes: 10, lostBytes: 70, broken: ['read ECONNRESET'] },
    addedMs: spread(120),
    removedMs: spread(90),
    bytesPerSecond: { taskgate: spread(2e8), kubectl: spread(1e8), ratio: spread(2) },
    peakBytes: { passed: 2 ** 30, taskgate: 2 ** 27, kubectl: 2 ** 26 },
  },
  minikube: [
    {
      ...{ way: 'by hand', firstByteMs: spread(100_000), startMs: spread(50_000), beyondStartMs: spread(50_000) },
      ...{ imageLoadMs: spread(9_000), commands: ['minikube start', 'curl'], listeners: 64, listenerMs: spread(900) },
    },
    {
      ...{ way: 'taskgate on Minikube', firstByteMs: spread(65_000), startMs: spread(50_000) },
      ...{ beyondStartMs: spread(15_000), commands: ['npx taskgate up'], listeners: 256, listenerMs: spread(400) },
      ...{ secondMs: spread(3_000), changedBySecond: [] },
    },
  ],
};
