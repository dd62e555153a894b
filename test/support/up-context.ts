import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { ClusterProvider } from '../../src/cluster/provider.ts';
import { checkHealth, type Health } from '../../src/commands/up/check-health.ts';
import { checkMachine, type Machine } from '../../src/commands/up/check-machine.ts';
import type { UpContext } from '../../src/commands/up/context.ts';
import { type Programs, prepareArtifacts } from '../../src/commands/up/prepare-artifacts.ts';
import { type StartedCluster, startCluster } from '../../src/commands/up/start-cluster.ts';
import type { Config } from '../../src/config/config.ts';
import { createInstance, type Instance } from '../../src/instance/instance.ts';
import type { InstanceRecord } from '../../src/instance/record.ts';
import { describeProgress } from '../../src/lib/progress.ts';
import type { Cluster, ProviderName } from '../../src/model/cluster.ts';
import type { Stage } from '../../src/model/stage.ts';
import { makeResults, type Results } from '../../src/task-list/results.ts';
import { runSteps } from '../../src/task-list/run.ts';
import type { Step } from '../../src/task-list/step.ts';
import { commandContext } from './context.ts';

/** Its API server answers nobody. */
export const deadKubeconfig = `apiVersion: v1
kind: Config
clusters: [{ name: c, cluster: { server: 'https://127.0.0.1:1' } }]
users: [{ name: c, user: {} }]
contexts: [{ name: c, context: { cluster: c, user: c } }]
`;

/** A folder of its own for the test, gone after it. */
export const testHome = async (): Promise<string> => {
  const home = await mkdtemp(join(tmpdir(), 'tg-up-'));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  return home;
};

type Change = { readonly config?: Partial<Config> };

/** What `up` knows before its first step: settings, and folders that are empty. */
export const newUp = async ({ config = {} }: Change = {}): Promise<UpContext> => {
  const home = await testHome();
  const context = commandContext({ folders: { stateDir: join(home, 'state'), cacheDir: join(home, 'cache') } });
  return { ...context, config: { ...context.config, ...config }, startedAt: new Date() };
};

const clusterAt = (dir: string, provider: ProviderName): Cluster => {
  const addresses = { nodeAddress: '10.210.255.2', hostAddress: '10.210.255.1' };
  const kubeconfigPath = join(dir, 'kubeconfig');
  return { name: 'dev', provider, kubeconfigPath, kubeContext: 'c', nodeName: 'node', ...addresses };
};

/** A cluster of an instance, whose kubeconfig leads nowhere. */
export const clusterOf = async ({ dir }: Instance, provider: ProviderName = 'native'): Promise<Cluster> => {
  const cluster = clusterAt(dir, provider);
  await writeFile(cluster.kubeconfigPath, deadKubeconfig);
  return cluster;
};

type Given = Change & { readonly record?: Partial<InstanceRecord> };

/** A command at work on an instance whose cluster is there: the record says so much more as is given. */
export const begunUp = async ({ record = {}, ...change }: Given = {}) => {
  const up = await newUp(change);
  const { journal = [], provider = 'native', schema: _, name = 'dev', ...fields } = record;
  const instance = await createInstance(up.folders.stateDir, { name, provider, cidr: '10.210.0.0/16' });
  for (const resource of journal) await instance.journal(resource);
  await instance.change(fields);
  return { up, instance, cluster: await clusterOf(instance, provider) };
};

const unneeded = async (): Promise<never> => {
  throw new Error('no provider is needed');
};
const noProvider: ClusterProvider = {
  ...{ find: unneeded, start: unneeded, loadImages: unneeded, stop: unneeded, delete: unneeded },
};

export type Earlier = {
  readonly instance: Instance;
  readonly provider?: ClusterProvider;
  readonly target?: Machine['target'];
  readonly health?: Health | undefined;
  readonly programs?: Partial<Programs>;
  readonly started?: StartedCluster;
};

/** What the steps before the one that is tried have made. */
export const madeSoFar = ({ instance, provider = noProvider, target, ...made }: Earlier): Results => {
  const results = makeResults();
  results.set(checkMachine, { instance, provider, providerWith: () => provider, ...(target && { target }) });
  results.set(checkHealth, made.health);
  results.set(prepareArtifacts, { provider, manifest: { path: '/nowhere', sha256: '' }, ...made.programs });
  if (made.started) results.set(startCluster, made.started);
  return results;
};

/** An instance to which nothing has happened since noon. */
export const healthy = (cluster: Cluster): Health => ({
  provenAt: 'noon',
  cluster,
  gateway: {
    ...{ name: 'contour', namespace: 'projectcontour', address: '10.210.255.2' },
    ...{ portRange: { start: 20000, end: 20199 }, capacity: { limit: 200, because: 'range' } },
  },
  master: { scheme: 'http', host: '10.210.255.1', port: 8080, via: 'direct' },
});

/** The same for a folder that need not be there. */
export const healthyAt = (dir: string): Health => healthy(clusterAt(dir, 'native'));

type RunOptions = { readonly results?: Results; readonly signal?: AbortSignal };

/** Runs steps; those that they wait for, and that are not among them, have ended. */
export const runInOrder = async <C>(context: C, steps: readonly Step<C>[], options: RunOptions = {}) => {
  const { results = makeResults(), signal = new AbortController().signal } = options;
  const stages: Stage[] = [];
  const [lines, notes]: string[][] = [[], []];
  for (const one of steps.flatMap(({ waitsFor = [] }) => waitsFor)) {
    if (!steps.includes(one) && !results.has(one)) results.set(one, undefined);
  }
  await runSteps(steps, context, {
    display: {
      started: () => undefined,
      reported: (_, line) => lines?.push(describeProgress(line)),
      ended: () => undefined,
    },
    ...{ signal, results },
    onStage: (stage) => stages.push(stage),
    onWarning: (text) => notes?.push(text),
  });
  return { results, lines, notes, ended: stages.map(({ outcome, note }) => (note ? `${outcome}: ${note}` : outcome)) };
};
