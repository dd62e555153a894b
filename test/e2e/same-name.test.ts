import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Kube } from '../../src/lib/kube/client.ts';
import { ending, makeTaskgate, type Taskgate } from '../support/e2e/taskgate.ts';

/** `one` makes a cluster; to instance `dev` of two users, who know nothing of each other, it is somebody else's. */
let one: Taskgate;
let users: readonly Taskgate[];
let kube: Kube;

const attach = (): readonly string[] => [
  ...['--provider', 'attach', '--context', 'taskgate-own', '--allow-context', 'taskgate-own', '--adopt'],
  ...['--kubeconfig', join(one.dirOf('own'), 'kubeconfig')],
];
const user = (index: 0 | 1): Taskgate => users[index] ?? one;

beforeAll(async () => {
  one = await makeTaskgate();
  users = [await makeTaskgate(), await makeTaskgate()];
  expect(ending(await one.run('up', '--name', 'own', '--provider', 'native'))).toBe('exit 0');
  kube = await one.kube('own');
});
afterAll(async () => {
  for (const each of users) await each.close('dev');
  await one.close('own');
});

const account = { namespace: 'projectcontour', name: 'taskgate-dev-master' };
const idOf = async (): Promise<string | undefined> => {
  const found = await kube.find({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: account });
  return found?.metadata.labels?.['taskgate.dev/instance-id'];
};

test('two users with an instance of one name on one cluster do not take each other’s objects', async () => {
  for (const index of [0, 1] as const) expect(ending(await user(index).run('up', ...attach()))).toBe('exit 0');
  const [first, second] = await Promise.all(users.map(async (each) => (await each.record('dev')).instanceId));
  expect(first).not.toBe(second);
  expect(ending(await user(0).run('config', 'account'))).toBe('exit 0');
  expect(await idOf()).toBe(first);

  const refused = await user(1).run('config', 'account');
  expect(refused.exitCode).toBe(5);
  expect(refused.stderr).toContain('is of another instance dev, of another user or folder [cluster.not-ours]');

  expect(ending(await user(1).run('down'))).toBe('exit 0');
  expect(await idOf()).toBe(first);
  const kubeconfig = join(user(0).dirOf('dev'), 'master-kubeconfig');
  expect(ending(await user(0).run('config', 'account', '--check-only', kubeconfig))).toBe('exit 0');

  expect(ending(await user(0).run('down'))).toBe('exit 0');
  expect(await idOf()).toBeUndefined();
  expect(ending(await one.run('smoke', '--name', 'own'))).toBe('exit 0');
});
