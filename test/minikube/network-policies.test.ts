import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Ended, ending, makeTaskgate, type Taskgate } from '../support/e2e/taskgate.ts';

type Shown = { readonly direction: string; readonly from: string; readonly to: string; readonly ok: boolean };

let taskgate: Taskgate;
const up = (...args: readonly string[]) => taskgate.run('up', '--provider', 'minikube', '--json', ...args);

beforeAll(async () => {
  taskgate = await makeTaskgate();
});
afterAll(() => taskgate.close('dev'));

const policies = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' };
const engine = {
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  metadata: { name: 'taskgate-dev-policies', namespace: 'kube-system' },
};

const closedHops = ({ stdout }: Ended): readonly string[] =>
  (JSON.parse(stdout).proof.hops as readonly Shown[]).flatMap(({ direction, from, to, ok }) =>
    direction === 'closed' && /pod/.test(from) ? [`${from} x ${to} ${ok}`] : [],
  );

test('with policies a task’s pod is closed to others, by an engine in the node; the path works', async () => {
  const ended = await up('--network-policies');
  expect(ending(ended)).toBe('exit 0');
  expect(JSON.parse(ended.stdout).proof.ok).toBe(true);
  expect(closedHops(ended)).toEqual([
    'another pod x task pod true',
    'task pod x another pod true',
    'task pod x API server true',
  ]);
  const kube = await taskgate.kube('dev');
  expect(await kube.find(engine)).toMatchObject({ status: { numberReady: 1 } });
  expect(ending(await taskgate.run('status'))).toBe('exit 0');
});

test('turned off, policy and engine go, and nothing that they wrote keeps anybody out', async () => {
  const ended = await up();
  expect(ending(ended)).toBe('exit 0');
  expect(JSON.parse(ended.stdout).proof.ok).toBe(true);
  expect(closedHops(ended)).toEqual([]);
  const kube = await taskgate.kube('dev');
  expect(await kube.find(engine)).toBeUndefined();
  expect(await kube.list(policies)).toEqual([]);
});
