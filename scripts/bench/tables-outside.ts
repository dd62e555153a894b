import type { ReportTable } from '../../src/report/html.ts';
import type { ForwardResults } from './forward.ts';
import type { MinikubeResults, WayName } from './minikube-results.ts';
import { describeSpread, mebibytes, milliseconds, seconds } from './units.ts';

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
export const wayTables = (results: MinikubeResults): readonly ReportTable[] => [
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
export const forwardTable = ({ ours, kubectlLeftAlone, kubectlFollowing, ...rest }: ForwardResults): ReportTable => {
  const { peakBytes, changes } = rest;
  const rows = [
    { way: 'taskgate, follows every change', losses: ours, made: changes, peak: mebibytes(peakBytes.ours) },
    {
      way: 'kubectl port-forward, left alone, follows none',
      losses: kubectlLeftAlone,
      made: changes,
      peak: mebibytes(peakBytes.kubectl),
    },
    {
      way: 'kubectl port-forward, started anew for each',
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
