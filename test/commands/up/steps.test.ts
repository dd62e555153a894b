import { expect, test } from 'vitest';
import { downSteps } from '../../../src/commands/down/steps.ts';
import { openReversePath } from '../../../src/commands/up/open-reverse-path.ts';
import { reachGateway } from '../../../src/commands/up/reach-gateway.ts';
import { upSteps } from '../../../src/commands/up/steps.ts';
import type { Step } from '../../../src/task-list/step.ts';
import { fakeKube } from '../../fakes/kube.ts';
import { fakeProvider } from '../../fakes/provider.ts';
import { begunUp, healthy, madeSoFar } from '../../support/up-context.ts';

/** Title of each step, and of those that must have ended before it: as the engine reads it. */
const orderOf = <C>(steps: readonly Step<C>[]): readonly (readonly [string, readonly string[]])[] =>
  steps.map(({ title, waitsFor }, index) => {
    const before = steps[index - 1];
    return [title, (waitsFor ?? (before ? [before] : [])).map((one) => one.title)];
  });

test('up: what comes after what', () => {
  const machine = 'Check this machine';
  const health = 'Check the existing instance';
  const programs = 'Prepare programs and images';
  const started = 'Start the cluster';
  const owner = 'Check cluster ownership';
  const reverse = 'Open the reverse path to the master';
  const policies = 'Write the network policies';
  const reached = 'Reach the Gateway from this host';
  const prepared = 'Prepare the master and its database';
  const ownMaster = 'Run the master and its database';
  expect(orderOf(upSteps)).toEqual([
    [machine, []],
    [health, [machine]],
    [programs, [machine, health]],
    [prepared, [machine, health, programs]],
    [started, [machine, programs, health]],
    ['Load images', [programs, health]],
    ['Add the context to your kubeconfig', [machine, started]],
    ['Wait for the node', [programs, health, started]],
    ['Wait for Services', [machine, started]],
    [owner, [machine, programs, health, started]],
    [reverse, [machine, programs, health, started]],
    ['Install the Gateway API', [machine, programs, health, owner]],
    [
      'Install Contour and the Gateway',
      [machine, health, owner, 'Install the Gateway API', 'Wait for Services', 'Load images'],
    ],
    [policies, [machine, health, started, owner, reverse, 'Load images']],
    ['Start the sample task', [machine, health, started, reverse, owner, 'Load images', policies]],
    ['Wait for the Gateway', [machine, health, started, owner, 'Install Contour and the Gateway']],
    [reached, [machine, health, started, 'Wait for the Gateway', reverse]],
    ['Write the master configuration', [machine, started, reached, reverse]],
    [
      'Prove the path',
      [machine, health, started, reached, reverse, 'Start the sample task', 'Wait for the node', policies],
    ],
    [
      'Fall back to a tunnel',
      [machine, programs, started, reached, owner, reverse, 'Prove the path', 'Write the master configuration'],
    ],
    [ownMaster, [machine, prepared, 'Fall back to a tunnel', 'Write the master configuration']],
    ['Prove the path with a task of the master', [machine, health, started, reached, ownMaster]],
  ]);
});

test('down: one after the other', () => {
  expect(orderOf(downSteps)).toEqual([
    ['Look for a master and its tasks', []],
    ['Stop the master and its database', ['Look for a master and its tasks']],
    ['Close tunnels and forwards', ['Stop the master and its database']],
    ["Remove taskgate's objects from the attached cluster", ['Close tunnels and forwards']],
    ['Remove the context from your kubeconfig', ["Remove taskgate's objects from the attached cluster"]],
    ['Delete the cluster', ['Look for a master and its tasks', 'Remove the context from your kubeconfig']],
    ["Remove the instance's folder", ['Delete the cluster']],
    ['Take back unreachable routes', ["Remove the instance's folder"]],
    ['Remove the cache', ['Take back unreachable routes']],
  ]);
});

type Begun = Parameters<typeof begunUp>[0] & { readonly isHealthy?: boolean };

/** Why steps have nothing to do, by title; those that have something to do are left out. */
const skippedFor = async ({ isHealthy = false, ...given }: Begun = {}): Promise<Readonly<Record<string, string>>> => {
  const { up, instance, cluster } = await begunUp(given);
  const { gateway, master, ...health } = healthy(cluster);
  const started = { cluster, kube: fakeKube().kube, isNew: false };
  const results = madeSoFar({
    ...{ instance, started, provider: fakeProvider({ state: 'running', start: async () => cluster }).provider },
    health: isHealthy ? { ...health, gateway, master } : undefined,
  });
  results.set(openReversePath, { master });
  results.set(reachGateway, gateway);
  for (const step of upSteps) if (!results.has(step)) results.set(step, undefined);
  const reasons = upSteps.map(async (step) => ({ ...(await step.begin(results, up)), title: step.title }));
  const skipped = (await Promise.all(reasons)).flatMap(({ title, skipped }) =>
    skipped ? [[title, skipped.because] as const] : [],
  );
  return Object.fromEntries(skipped);
};

const notMerged = 'not asked for; --merge-kubeconfig adds the context to yours';

const noMaster = 'not asked for; --with-master runs one';
const always = {
  'Prepare the master and its database': noMaster,
  'Fall back to a tunnel': 'not needed',
  'Run the master and its database': noMaster,
  'Prove the path with a task of the master': noMaster,
};
const notMinikube = { 'Wait for Services': 'kube-proxy is not a pod that taskgate started' };
const usually = {
  ...{ ...always, ...notMinikube, 'Load images': 'the cluster pulls them itself' },
  'Write the network policies': 'not asked for',
};

test('a new instance: what has nothing to do', async () => {
  expect(await skippedFor()).toEqual({
    ...usually,
    'Add the context to your kubeconfig': notMerged,
    'Check cluster ownership': 'taskgate made it',
  });
});

const merging = async () => ({ ...(await begunUp()).up.config, mergeKubeconfig: true });

test('a cluster of somebody else’s: what has nothing to do', async () => {
  const attached = { record: { provider: 'attach' } } as const;
  expect(await skippedFor(attached)).toEqual({ ...usually, 'Add the context to your kubeconfig': notMerged });
  expect(await skippedFor({ ...attached, config: await merging() })).toEqual({
    ...usually,
    'Add the context to your kubeconfig': 'who made the cluster has the context in a kubeconfig already',
  });
});

test('a healthy instance: what has nothing to do', async () => {
  const unchanged = 'nothing changed since the proof at noon';
  expect(await skippedFor({ isHealthy: true, config: await merging() })).toEqual({
    ...{ ...always, ...notMinikube },
    'Prepare programs and images': unchanged,
    'Load images': unchanged,
    'Wait for the node': unchanged,
    'Check cluster ownership': unchanged,
    'Install the Gateway API': unchanged,
    'Install Contour and the Gateway': unchanged,
    'Write the network policies': unchanged,
    'Start the sample task': unchanged,
    'Wait for the Gateway': unchanged,
    'Reach the Gateway from this host': unchanged,
    'Prove the path': unchanged,
  });
});
