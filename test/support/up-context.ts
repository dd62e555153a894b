import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { UpContext } from '../../src/commands/context.ts';
import type { Config } from '../../src/config/config.ts';
import { createInstance, type Instance } from '../../src/instance/instance.ts';
import type { InstanceRecord } from '../../src/instance/record.ts';
import { describeProgress } from '../../src/lib/progress.ts';
import type { Cluster, ProviderName } from '../../src/model/cluster.ts';
import type { Stage } from '../../src/model/stage.ts';
import { runSteps, type Step } from '../../src/task-list/step.ts';
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
  return { ...context, config: { ...context.config, ...config }, startedAt: new Date(), notes: [] };
};

/** A cluster of an instance, whose kubeconfig leads nowhere. */
export const clusterOf = async ({ dir }: Instance, provider: ProviderName = 'native'): Promise<Cluster> => {
  const kubeconfigPath = join(dir, 'kubeconfig');
  await writeFile(kubeconfigPath, deadKubeconfig);
  const addresses = { nodeAddress: '10.210.255.2', hostAddress: '10.210.255.1' };
  return { name: 'dev', provider, kubeconfigPath, kubeContext: 'c', nodeName: 'node', ...addresses };
};

type Given = Change & { readonly record?: Partial<InstanceRecord> };
type Begun = UpContext & { readonly instance: Instance; readonly cluster: Cluster };

/** What `up` knows once the instance and its cluster are there: the record says so much more as is given. */
export const begunUp = async ({ record = {}, ...change }: Given = {}): Promise<Begun> => {
  const context = await newUp(change);
  const { journal = [], provider = 'native', schema: _, name = 'dev', ...fields } = record;
  const instance = await createInstance(context.folders.stateDir, { name, provider, cidr: '10.210.0.0/16' });
  for (const resource of journal) await instance.journal(resource);
  await instance.change(fields);
  return { ...context, instance, cluster: await clusterOf(instance, provider) };
};

/** Runs steps of `up` or `down` one after the other, whatever they come after there. */
export const runInOrder = async <C>(context: C, steps: readonly Step<C>[], signal = new AbortController().signal) => {
  const stages: Stage[] = [];
  const lines: string[] = [];
  await runSteps(
    steps.map(({ after: _, ...step }) => step),
    context,
    {
      display: {
        started: () => undefined,
        reported: (_, line) => lines.push(describeProgress(line)),
        ended: () => undefined,
      },
      signal,
      onStage: (stage) => stages.push(stage),
    },
  );
  return { lines, ended: stages.map(({ outcome, note }) => (note ? `${outcome}: ${note}` : outcome)) };
};
