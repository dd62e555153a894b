import { expect, test } from 'vitest';
import { removeGateways } from '../../../src/gateway/uninstall/gateways.ts';
import type { RemovalContext } from '../../../src/gateway/uninstall/objects.ts';
import { describeProgress } from '../../../src/lib/progress.ts';
import { refusal } from '../../fakes/kube.ts';
import { contourDeployment, foreignGateway, labelled } from '../../support/gateway/foreign.ts';
import { emptyOriginal, fakeCluster } from '../../support/gateway/installation.ts';

const gateway = labelled(foreignGateway('tasks'), 'dev');
const removal = (kube: RemovalContext['kube'], more: Partial<RemovalContext> = {}) => {
  const told: string[] = [];
  const report: RemovalContext['report'] = (line) => told.push(describeProgress(line));
  const base = { kube, owner: { instance: 'dev' }, original: emptyOriginal, timeoutMs: 30, report };
  return { removed: [], restored: [], left: [], told, ...base, ...more };
};

test('what the provisioner has left of a Gateway is told by name, and removed', async () => {
  const more = {
    ...contourDeployment('tasks'),
    metadata: { ...contourDeployment('tasks').metadata, name: 'contour-2' },
  };
  const fake = fakeCluster([gateway, contourDeployment('tasks'), more]);
  const removing = removal(fake.kube);
  await removeGateways(removing);
  expect(removing.told).toEqual([
    'Removal of Deployment not ready after 0s: contour-tasks, contour-2 still exists; removing what the provisioner left of Gateway tasks',
  ]);
  expect(removing.removed).toEqual([
    'Gateway projectcontour/tasks',
    'Deployment projectcontour/contour-tasks',
    'Deployment projectcontour/contour-2',
  ]);
});

test('Contours of other Gateways, and of a Gateway of that name elsewhere, are neither waited for nor removed', async () => {
  const others = [contourDeployment('web'), contourDeployment('tasks', 'elsewhere')];
  const { kube } = fakeCluster([gateway, ...others]);
  const removing = removal(kube, { timeoutMs: 60_000 });
  await removeGateways(removing);
  expect(removing.told).toEqual([]);
  expect(removing.removed).toEqual(['Gateway projectcontour/tasks']);
});

test('an interrupt ends the wait for the provisioner, and nothing of it is removed', async () => {
  const fake = fakeCluster([gateway, contourDeployment('tasks')]);
  const signal = AbortSignal.abort(new Error('interrupted'));
  const removing = removal(fake.kube, { timeoutMs: 60_000, signal });
  await expect(removeGateways(removing)).rejects.toThrow('interrupted');
  expect(removing.told).toEqual([]);
  expect(fake.writes()).toEqual(['remove Gateway projectcontour/tasks']);
});

test('a server that fails is not taken for a provisioner that does not run', async () => {
  const { kube } = fakeCluster([gateway]);
  const error = refusal(500, 'InternalError', 'etcd is away');
  const watch = () => {
    throw error;
  };
  await expect(removeGateways(removal({ ...kube, watch }))).rejects.toBe(error);
});
