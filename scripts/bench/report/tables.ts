import type { ReportTable } from '../../../src/report/html.ts';
import type { ForwardResults } from '../measure/forward/forward.ts';
import type { MinikubeResults, WayName } from '../measure/minikube/results.ts';
import type { ListenerTimes, Results } from '../results.ts';
import type { UpRun } from '../stage.ts';
import { typicalIndex } from '../statistics.ts';
import { describeSpread, mebibytes, milliseconds, seconds } from '../units.ts';
import { targetTable } from './targets.ts';

const memory = (bytes: number | undefined): string => (bytes === undefined ? '' : mebibytes(bytes));

const stageTable = (title: string, stages: UpRun['stages']): ReportTable => ({
  title,
  columns: ['stage', 'start', 'time', 'peak, anonymous', 'peak, with page cache'],
  rows: stages.map((stage) => [
    stage.title,
    seconds(stage.startMs),
    stage.outcome === 'done' ? seconds(stage.endMs - stage.startMs) : stage.outcome,
    memory(stage.peakAnonymousBytes),
    memory(stage.peakUsageBytes),
  ]),
});

const listenerTable = (times: readonly ListenerTimes[]): ReportTable => ({
  title: 'Adding the nth task listener',
  columns: ['listenerLimit', 'n', 'GET and PUT of the Gateway', 'spread', 'to first byte', 'spread', 'load'],
  rows: times.map(({ listenerLimit, listeners, writeMs, firstByteMs, load }) => [
    String(listenerLimit),
    String(listeners),
    milliseconds(writeMs.median),
    describeSpread(writeMs, milliseconds),
    milliseconds(firstByteMs.median),
    describeSpread(firstByteMs, milliseconds),
    load.toFixed(1),
  ]),
});

const partTable = ({ parts }: Results): ReportTable => ({
  title: 'Parts',
  columns: ['part', 'outcome', ''],
  rows: parts.map(({ part, outcome, detail }) => [part, outcome, detail]),
});

const problemTable = ({ problems }: Results): ReportTable => ({
  title: 'Could not be measured',
  columns: ['what', 'why'],
  rows: problems.map(({ part, message }) => [part, message]),
});

/** Facts of the ways, not measurements. */
const sudoOf: Readonly<Record<WayName, string>> = {
  'by hand': 'yes: `minikube tunnel` adds a route',
  'taskgate on Minikube': 'no',
  'taskgate native': 'yes: namespaces, cgroups, a link',
};

const titleOf: Readonly<Record<WayName, string>> = {
  'by hand': "today's way: minikube start, upstream manifest, minikube tunnel",
  'taskgate on Minikube': 'taskgate up --provider minikube',
  'taskgate native': 'taskgate up --provider native',
};

/** What the table cannot say in a cell. */
const wayNotes: readonly (readonly string[])[] = [
  [
    'minikube start',
    "by hand with Minikube's own waits; taskgate's waits for the API server only, what follows counts as beyond it",
  ],
  [
    'first byte',
    'of taskgate: the end of `up`, every hop proven; by hand: the first answer, the time to type left out',
  ],
  [
    'images',
    'were at hand in an archive; by hand `minikube image load` is a command of its own, its time in the total',
  ],
  ['listeners possible', 'the largest Gateway that the API server takes in a dry run; upstream CRD by hand'],
];

/** The three ways to a first byte, side by side, and what their columns mean. */
const wayTables = (results: MinikubeResults): readonly ReportTable[] => [
  {
    title: 'Three ways to a Gateway: medians',
    columns: [
      'way',
      'first byte',
      'spread',
      'minikube start',
      'beyond it',
      'of it loading images',
      'commands typed',
      'sudo needed',
      'listeners possible',
      'listener to first byte',
      'spread',
    ],
    rows: results.map((one) => [
      titleOf[one.way],
      seconds(one.firstByteMs.median),
      describeSpread(one.firstByteMs, seconds),
      one.startMs ? seconds(one.startMs.median) : 'none',
      seconds(one.beyondStartMs.median),
      one.imageLoadMs ? seconds(one.imageLoadMs.median) : 'side by side',
      String(one.commands.length),
      sudoOf[one.way],
      String(one.listeners),
      milliseconds(one.listenerMs.median),
      describeSpread(one.listenerMs, milliseconds),
    ]),
  },
  { title: 'How that was measured', columns: ['what', 'how'], rows: wayNotes },
  {
    title: 'Commands typed by hand',
    columns: ['', 'command'],
    rows: (results.find(({ way }) => way === 'by hand')?.commands ?? []).map((command, index) => [
      String(index + 1),
      command,
    ]),
  },
];

/** What forwarding processes hold in memory, and what became of the connections. */
const forwardTable = ({ taskgate, kubectlLeftAlone, kubectlFollowing, ...rest }: ForwardResults): ReportTable => {
  const { peakBytes, changes } = rest;
  const rows = [
    { way: 'taskgate, follows every change', losses: taskgate, made: changes, peak: mebibytes(peakBytes.taskgate) },
    {
      way: 'kubectl port-forward, left alone, follows none',
      losses: kubectlLeftAlone,
      made: changes,
      peak: mebibytes(peakBytes.kubectl),
    },
    {
      way: 'kubectl port-forward, restarted for each',
      losses: kubectlFollowing,
      made: kubectlFollowing.changes,
      peak: '',
    },
  ];
  return {
    title: `Forwards to the Gateway while listeners change; memory after ${mebibytes(peakBytes.passed)} on one connection`,
    columns: ['way', 'changes', 'connections', 'broken', 'sent', 'lost', 'peak memory'],
    rows: rows.map(({ way, losses, made, peak }) => [
      way,
      String(made),
      String(losses.connections),
      String(losses.broken.length),
      mebibytes(losses.sentBytes),
      `${losses.lostBytes} bytes`,
      peak,
    ]),
  };
};

export const typicalRun = (runs: readonly UpRun[] = []): UpRun | undefined =>
  runs.length > 0 ? runs[typicalIndex(runs.map(({ ms }) => ms))] : undefined;

/** All that was measured, most important first. */
export const resultTables = (results: Results): readonly ReportTable[] => {
  const cold = typicalRun(results.lifecycle?.cold);
  const warm = typicalRun(results.lifecycle?.warm);
  const wanted = results.parts.filter(({ outcome }) => outcome !== 'left out').map(({ part }) => part);
  const onMinikube = results.minikube?.find(({ way }) => way === 'taskgate on Minikube')?.stages;
  return [
    targetTable(results, wanted),
    partTable(results),
    ...(results.problems.length > 0 ? [problemTable(results)] : []),
    ...(results.minikube?.length ? wayTables(results.minikube) : []),
    ...(results.forward ? [forwardTable(results.forward)] : []),
    ...(results.listeners.length > 0 ? [listenerTable(results.listeners)] : []),
    ...(onMinikube ? [stageTable('Stages of a typical `up` on Minikube', onMinikube)] : []),
    ...(cold
      ? [stageTable("Stages of a typical `up` from nothing, memory of the instance's cgroup", cold.stages)]
      : []),
    ...(warm ? [stageTable('Stages of a typical `up` after the supervisor was killed', warm.stages)] : []),
  ];
};
