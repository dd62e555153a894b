import { expect, test } from 'vitest';
import { applyGatewayObjects, applyInstallation, awaitGatewayEndpoint } from '../../../src/gateway/ensure.ts';
import { parseManifest } from '../../../src/gateway/install/manifest.ts';
import { findUnready, together } from '../../../src/gateway/ready/readiness.ts';
import { contourCluster, made } from '../../support/gateway/contour-cluster.ts';
import { manifestText, spec } from '../../support/gateway/fixture.ts';

/** A cluster with a working Gateway at 10.0.0.2. */
const healthy = async () => {
  const fake = contourCluster();
  const input = { kube: fake.kube, spec, manifest: parseManifest(manifestText), timeoutMs: 5_000 };
  await applyInstallation(input);
  await applyGatewayObjects(input);
  await awaitGatewayEndpoint({ ...input, address: '10.0.0.2', allowFrom: undefined });
  return fake;
};

test('everything that is not ready is reported, and nothing of a healthy gateway', async () => {
  const fake = await healthy();
  expect(await findUnready(fake.kube, spec, '10.0.0.2')).toEqual([]);
  fake.put({ ...made[2], status: { conditions: [{ type: 'Ready', status: 'False', reason: 'Crash' }] } } as never);
  fake.drop({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'contour-gateway-provisioner', namespace: 'projectcontour' },
  });
  const unready = await findUnready(fake.kube, spec, '10.0.0.9');
  expect(unready.map(({ id }) => id)).toEqual(['gateway.address-moved', 'gateway.no-provisioner', 'gateway.no-envoy']);
});

test('the first failure aborts the tasks beside it', async () => {
  let isAborted = false;
  const running = together(undefined, (signal) => [
    Promise.reject(new Error('first')),
    new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => {
        isAborted = true;
        resolve();
      });
    }),
  ]);
  await expect(running).rejects.toThrow('first');
  expect(isAborted).toBe(true);
});
