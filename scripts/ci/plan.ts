import type { Stage } from './run-stage.ts';

/** Stages one after the other. */
type Lane = readonly Stage[];

/** Lanes side by side. The next phase begins when all lanes have ended, whatever failed. */
export type Phase = readonly Lane[];

/** By this program's own Node.js: the machine's may be too old. */
const node = process.execPath;

/** Runs a command where Minikube is. */
const rig = [node, 'scripts/rig.ts', '--'] as const;

/** What `auto` takes depends on the machine. */
const native = { TASKGATE_PROVIDER: 'native' };

const vitest = (project: string) => ['npx', 'vitest', 'run', '--project', project] as const;

const minutes = (count: number): number => count * 60;

const checks: Lane = [
  {
    key: 'packages',
    title: 'packages for the suites',
    command: [node, 'scripts/ci/packages.ts'],
    limitSeconds: minutes(5),
  },
  { key: 'lint', title: 'npm run lint', command: ['npm', 'run', 'lint'], limitSeconds: minutes(2) },
  { key: 'typecheck', title: 'npm run typecheck', command: ['npm', 'run', 'typecheck'], limitSeconds: minutes(3) },
  {
    key: 'unit',
    title: 'unit tests',
    suite: 'unit',
    command: vitest('unit'),
    limitSeconds: minutes(6),
  },
];

const readmeStage = (key: string, command: readonly [string, ...string[]], limitSeconds: number): Stage => ({
  key,
  title: `README: ${command.join(' ')}`,
  command,
  limitSeconds,
  env: native,
});

/** With an empty cache the first of these builds all programs of a node. */
const readme: Lane = [
  readmeStage('readme-up', ['npm', 'run', 'dev-cluster'], minutes(30)),
  readmeStage('readme-status', ['npx', 'taskgate', 'status'], minutes(2)),
  readmeStage('readme-smoke', ['npm', 'run', 'smoke'], minutes(3)),
  readmeStage('readme-down', ['npm', 'run', 'dev-cluster:down'], minutes(3)),
];

/** They compare the whole host before and after an instance, and so run when the other lane has no more processes on it. */
export const comparing = ['test/e2e/up-down.test.ts', 'test/e2e/upgrade.test.ts'] as const;

/** All that makes native nodes: two at once could choose one network. */
const nativeLane: Lane = [
  {
    key: 'package',
    title: 'the package: installed in an empty folder, up to a proof',
    command: [node, 'scripts/ci/prove-package.ts'],
    limitSeconds: minutes(8),
  },
  {
    key: 'docs',
    makesNodes: true,
    title: 'the commands of README and docs',
    suite: 'docs',
    command: vitest('docs'),
    // an empty cache has the task image of docs/getting-started.md assembled
    limitSeconds: minutes(30),
  },
  {
    key: 'e2e',
    makesNodes: true,
    title: 'e2e tests, native provider',
    suite: 'e2e',
    command: [...vitest('e2e'), ...comparing.map((file) => `--exclude=${file}`)],
    limitSeconds: minutes(45),
  },
  {
    key: 'e2e-host',
    makesNodes: true,
    title: 'e2e tests that compare the host',
    suite: 'e2e-host',
    command: [...vitest('e2e'), ...comparing],
    limitSeconds: minutes(10),
  },
];

/** What needs no node, on free ports, then Minikube, in namespaces of its own: ports, cgroups and mounts. */
const minikubeLane: Lane = [
  { key: 'api', title: 'API server tests', suite: 'api', command: vitest('api'), limitSeconds: minutes(10) },
  { key: 'process', title: 'process tests', suite: 'process', command: vitest('process'), limitSeconds: minutes(25) },
  {
    key: 'rig',
    title: 'the rig for real Minikube',
    // what it builds in a first run leaves the processor to the other lane, whose tests have deadlines
    command: ['nice', '-n', '19', ...rig, 'minikube', 'version'],
    limitSeconds: minutes(50),
  },
  {
    key: 'minikube',
    title: 'Minikube and kind tests',
    suite: 'minikube',
    command: [...rig, ...vitest('minikube')],
    limitSeconds: minutes(35),
  },
];

/** What `.ci/run` runs. A stage has the shortest limit that a slow machine with an empty cache keeps. */
export const plan: readonly Phase[] = [[checks], [readme], [nativeLane, minikubeLane]];

export const stagesOf = (phases: readonly Phase[]): readonly Stage[] => phases.flat(2);

/** The plan with the stages of these keys alone. Throws for a key that there is none of. */
export const only = (phases: readonly Phase[], keys: readonly string[]): readonly Phase[] => {
  const known = stagesOf(phases).map(({ key }) => key);
  const unknown = keys.filter((key) => !known.includes(key));
  if (unknown.length > 0) throw new Error(`no stage ${unknown.join(', ')}; there are: ${known.join(', ')}`);
  return phases.map((lanes) => lanes.map((lane) => lane.filter(({ key }) => keys.includes(key))));
};
