import { expect, test } from 'vitest';
import { findGatewayProblems } from '../../../src/gateway/install/drift.ts';
import { inspectGatewayAPI } from '../../../src/gateway/install/installed.ts';
import { fakeKube } from '../../fakes/kube.ts';
import { gatewaysCRD, otherCRDs, spec } from '../../support/gateway/fixture.ts';

const kinds = [
  'apiextensions.k8s.io/v1/CustomResourceDefinition',
  'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy',
  'gateway.networking.k8s.io/v1/GatewayClass',
];
const wanted = { bundleVersion: 'v1.3.0', channel: 'experimental', listenerLimit: 213 };
const raised = gatewaysCRD({ limit: 213 });
const inspect = (objects: readonly object[]) =>
  inspectGatewayAPI(fakeKube({ objects: objects as never, kinds }).kube, spec);

test('a bundle that is not said is unknown, and several served versions are named', async () => {
  const bare = { ...raised, metadata: { name: raised.metadata.name } };
  const [kept] = findGatewayProblems(await inspect([bare, ...otherCRDs()]), wanted);
  expect(kept?.message).toMatch(/^Gateway API unknown \(unknown\) is installed/);
  const two = await inspect([
    gatewaysCRD({ bundle: 'v1.4.1', limit: 213 }),
    ...otherCRDs({ tcproutes: ['v1', 'v1beta1'] }),
  ]);
  expect(two.missing).toEqual(['TCPRoute v1alpha2 (served: v1, v1beta1)']);
});

test('a version without limits has none', async () => {
  const bare = { ...raised, spec: { ...raised.spec, versions: [{ name: 'v1', served: true }] } };
  const [problem] = findGatewayProblems(await inspect([bare, ...otherCRDs()]), wanted);
  expect(problem?.message).toMatch(/is: v1 spec none, status none$/);
});
