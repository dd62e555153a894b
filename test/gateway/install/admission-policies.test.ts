import { expect, test } from 'vitest';
import {
  admissionPolicies,
  applyPolicies,
  isRateLimited,
  replaceRateLimitedPods,
  unservedNotice,
} from '../../../src/gateway/install/admission-policies.ts';
import { describeProgress } from '../../../src/lib/progress.ts';
import { fakeKube } from '../../fakes/kube.ts';
import { spec } from '../../support/gateway/fixture.ts';

const kinds = (version: string) =>
  ['MutatingAdmissionPolicy', 'MutatingAdmissionPolicyBinding'].map(
    (kind) => `admissionregistration.k8s.io/${version}/${kind}`,
  );

const contourPod = (name: string, args: readonly string[], more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'projectcontour', labels: { app: 'contour-tasks' }, ...more },
  spec: { containers: [{ name: 'contour', args }] },
});

test('a policy and a binding for Contour and for Envoy, for their pods only', () => {
  const objects = admissionPolicies(spec, 'v1beta1');
  expect(objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
    'MutatingAdmissionPolicy taskgate-dev-contour',
    'MutatingAdmissionPolicyBinding taskgate-dev-contour',
    'MutatingAdmissionPolicy taskgate-dev-envoy',
    'MutatingAdmissionPolicyBinding taskgate-dev-envoy',
  ]);
  expect(objects[0]).toMatchObject({
    apiVersion: 'admissionregistration.k8s.io/v1beta1',
    metadata: { labels: { 'taskgate.dev/instance': 'dev' } },
    spec: {
      failurePolicy: 'Ignore',
      matchConstraints: {
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'projectcontour' } },
        objectSelector: { matchLabels: { app: 'contour-tasks' } },
      },
    },
  });
});

test('Contour gets the API rate, Envoy a probe each second', () => {
  const [contour, , envoy] = admissionPolicies(spec, 'v1beta1').map((object) => JSON.stringify(object));
  expect(contour).toContain("/args/-', value: '--kubernetes-client-qps=1000'");
  expect(contour).toContain("'--kubernetes-client-burst=2000'");
  expect(envoy).toContain("name: 'envoy', readinessProbe: ");
  expect(envoy).toContain('initialDelaySeconds: 0, periodSeconds: 1');
});

test('leader election goes only with a single Contour', () => {
  const withReplicas = (contourReplicas: number) =>
    JSON.stringify(admissionPolicies({ ...spec, contourReplicas }, 'v1'));
  expect(withReplicas(1)).toContain('--disable-leader-election');
  expect(withReplicas(2)).not.toContain('--disable-leader-election');
});

test.each([
  ['v1', []],
  ['v1beta1', kinds('v1')],
])('applies them as %s', async (version, absentKinds) => {
  const { kube, writes } = fakeKube({ kinds: kinds(version), absentKinds });
  expect(await applyPolicies(kube, spec)).toBe(true);
  expect(writes()).toHaveLength(4);
});

test('says what it costs where the API server cannot do it', async () => {
  const lines: string[] = [];
  const { kube, writes } = fakeKube({ absentKinds: [...kinds('v1'), ...kinds('v1beta1')] });
  expect(await applyPolicies(kube, spec, (line) => lines.push(describeProgress(line)))).toBe(false);
  expect(lines).toEqual([unservedNotice]);
  expect(unservedNotice).toContain('28 s');
  expect(writes()).toEqual([]);
});

test('restarts only Contour pods that were made without the policy', async () => {
  const fast = contourPod('fast', ['serve', '--kubernetes-client-qps=1000']);
  const slow = contourPod('slow', ['serve']);
  const leaving = contourPod('leaving', ['serve'], { deletionTimestamp: '2026-01-01T00:00:00Z' });
  expect([fast, slow].map(isRateLimited)).toEqual([false, true]);
  const { kube, writes } = fakeKube({ objects: [fast, slow, leaving] });
  expect(await replaceRateLimitedPods(kube, spec)).toBe(1);
  expect(writes()).toEqual(['remove Pod projectcontour/slow']);
});
