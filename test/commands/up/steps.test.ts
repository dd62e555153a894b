import { expect, test } from 'vitest';
import { downSteps } from '../../../src/commands/down/steps.ts';
import { upSteps } from '../../../src/commands/up/steps.ts';
import type { Step } from '../../../src/task-list/step.ts';
import { begunUp } from '../../support/up-context.ts';

/** Title of each step, and of those that must have ended before it: as the engine reads it. */
const orderOf = <C>(steps: readonly Step<C>[]): readonly (readonly [string, readonly string[]])[] =>
  steps.map(({ title, after }, index) => {
    const before = steps[index - 1];
    return [title, (after ?? (before ? [before] : [])).map((one) => one.title)];
  });

test('up: what comes after what', () => {
  expect(orderOf(upSteps)).toEqual([
    ['Check this machine', []],
    ['Look at what is there', ['Check this machine']],
    ['Prepare programs and images', ['Check this machine']],
    ['Start the cluster', ['Prepare programs and images', 'Look at what is there']],
    ['Load images', ['Prepare programs and images', 'Look at what is there']],
    ['Add the context to your kubeconfig', ['Start the cluster']],
    ['Wait for the node', ['Start the cluster']],
    ['Look whose the cluster is', ['Start the cluster']],
    ['Open the way back to the master', ['Start the cluster']],
    ['Install Contour and the Gateway', ['Look whose the cluster is']],
    ['Start the sample task', ['Look whose the cluster is', 'Open the way back to the master']],
    ['Wait for the Gateway', ['Install Contour and the Gateway']],
    ['Reach the Gateway from this host', ['Wait for the Gateway', 'Open the way back to the master']],
    ['Write the master configuration', ['Reach the Gateway from this host']],
    ['Prove the path', ['Reach the Gateway from this host', 'Start the sample task', 'Wait for the node']],
    ['Take another way back to the master', ['Prove the path', 'Write the master configuration']],
  ]);
});

test('down: one after the other', () => {
  expect(orderOf(downSteps)).toEqual([
    ['Close tunnels and forwards', []],
    ["Remove what is ours from somebody else's cluster", ['Close tunnels and forwards']],
    ['End the cluster', ["Remove what is ours from somebody else's cluster"]],
    ['Take the context out of your kubeconfig', ['End the cluster']],
    ["Remove the instance's folder", ['Take the context out of your kubeconfig']],
    ['Remove the cache', ["Remove the instance's folder"]],
  ]);
});

type Begun = Parameters<typeof begunUp>[0] & { readonly provenAt?: string };

/** Why steps have nothing to do, by title; those that have something to do are left out. */
const skippedFor = async ({ provenAt, ...given }: Begun = {}): Promise<Readonly<Record<string, string>>> => {
  const up = { ...(await begunUp(given)), ...(provenAt && { provenAt }) };
  const reasons = await Promise.all(upSteps.map(async ({ title, skip }) => [title, await skip?.(up)] as const));
  return Object.fromEntries(reasons.flatMap(([title, reason]) => (reason ? [[title, reason]] : [])));
};

const notMerged = 'not asked for; --merge-kubeconfig adds the context to yours';
const noOtherWay = 'the way back is as it should be, or there is no other';

const always = { 'Take another way back to the master': noOtherWay };
const usually = { ...always, 'Load images': 'the cluster pulls them itself' };

test('a new instance: what has nothing to do', async () => {
  expect(await skippedFor()).toEqual({
    ...usually,
    'Add the context to your kubeconfig': notMerged,
    'Look whose the cluster is': 'taskgate made it',
  });
});

const merging = async () => ({ ...(await begunUp()).config, mergeKubeconfig: true });

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
  expect(await skippedFor({ provenAt: 'noon', config: await merging() })).toEqual({
    ...always,
    'Load images': unchanged,
    'Wait for the node': unchanged,
    'Look whose the cluster is': unchanged,
    'Install Contour and the Gateway': unchanged,
    'Start the sample task': unchanged,
    'Wait for the Gateway': unchanged,
    'Reach the Gateway from this host': unchanged,
    'Prove the path': unchanged,
  });
});
