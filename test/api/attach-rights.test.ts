import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ApiServer, startApiServer } from '../../scripts/testbed/api-server.ts';
import { changesBetween, takeSnapshot } from '../../scripts/testbed/objects.ts';
import { findMissingRights, neededRights, optionalRights } from '../../src/cluster/attach/rights.ts';
import { applyGatewayObjects, applyInstallation } from '../../src/gateway/ensure.ts';
import { guardForeign } from '../../src/gateway/foreign/guard.ts';
import { recordOriginalState } from '../../src/gateway/foreign/snapshot.ts';
import { parseManifest } from '../../src/gateway/install/manifest.ts';
import { removeGatewayObjects } from '../../src/gateway/uninstall/uninstall.ts';
import { connect, type Kube } from '../../src/lib/kube/client.ts';
import { removeSampleTask } from '../../src/proof/sample-task/removal.ts';
import { exposeSampleTask, startSampleTask } from '../../src/proof/sample-task/sample-task.ts';
import { connectWith } from '../support/api/account.ts';
import { endpointOf, newInstance } from '../support/api/cluster.ts';
import { gatewaySpec } from '../support/api/gateway.ts';

/** Of its own: somebody who is no administrator makes everything anew, and the whole cluster is compared. */
let server: ApiServer;
let admin: Kube;
beforeAll(async () => {
  server = await startApiServer();
  admin = connect(server.kubeconfig);
});
afterAll(() => server?.remove());

const rules = [...neededRights, ...optionalRights].map(({ group, resources, verbs }) => ({
  apiGroups: [group],
  resources,
  verbs,
}));

const image = 'registry.k8s.io/e2e-test-images/agnhost:2.53';
const master = { scheme: 'https', host: '192.0.2.1', port: 443, via: 'url' } as const;

test('who has the rights that attach asks for, and no others, can install, prove and remove', async () => {
  const account = { namespace: 'default', name: 'attacher', rules };
  const kube = await connectWith(admin, account, server.kubeconfig);
  await expect.poll(() => findMissingRights(kube)).toEqual({ needed: undefined, optional: undefined });
  const before = await takeSnapshot(admin);

  const spec = { ...gatewaySpec, ...newInstance() };
  const manifest = parseManifest(await readFile(server.manifestPath, 'utf8'));
  const original = await recordOriginalState(kube, { spec, manifest });
  const input = { kube: guardForeign(kube, { spec, original }), spec, timeoutMs: 60_000, manifest };
  await applyInstallation(input);
  await applyGatewayObjects(input);

  const { instance, instanceId } = spec;
  const task = await startSampleTask(kube, { instance, instanceId, namespace: 'default', image, master });
  await exposeSampleTask(kube, task, { gateway: endpointOf(spec), ports: 'lowest' });
  expect(await removeSampleTask(kube, task, spec)).toHaveLength(2 + 1 + 1 + 2 * 2);

  expect(await removeGatewayObjects(kube, spec, { original, timeoutMs: 60_000 })).toMatchObject({ left: [] });
  const changes = changesBetween(before, await takeSnapshot(admin));
  expect(changes.filter((change) => !/ (apiservices|servicecidrs|ipaddresses) /.test(change))).toEqual([]);
});

test('who lacks one of them is told which, before anything is changed', async () => {
  const fewer = rules.filter(({ resources }) => !resources.includes('jobs'));
  const kube = await connectWith(admin, { namespace: 'default', name: 'lacking', rules: fewer }, server.kubeconfig);
  await expect
    .poll(() => findMissingRights(kube))
    .toEqual({
      needed: 'get/list/watch/create/delete jobs',
      optional: undefined,
    });
});
