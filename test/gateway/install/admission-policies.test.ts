import { expect, test } from 'vitest';
import {
  admissionPolicies,
  applyPolicies,
  isRateLimited,
  replaceRateLimitedPods,
  unservedNotice,
} from '../../../src/gateway/install/admission-policies.ts';
import { describeProgress } from '../../../src/lib/progress.ts';
import { fakeKube, refusal } from '../../fakes/kube.ts';
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

const argument = (value: string) =>
  `JSONPatch{op: 'add', path: '/spec/containers/' + string(object.spec.containers.map(c, c.name).indexOf('contour')) + '/args/-', value: '${value}'}`;
const probed = (container: string, failureThreshold: number) =>
  `Object{spec: Object.spec{containers: [Object.spec.containers{name: '${container}', readinessProbe: Object.spec.containers.readinessProbe{initialDelaySeconds: 0, periodSeconds: 1, failureThreshold: ${failureThreshold}}}]}}`;
const policyOf = (name: string, app: string, mutations: readonly object[]) => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'MutatingAdmissionPolicy',
  metadata: { name, labels: { 'app.kubernetes.io/managed-by': 'taskgate', 'taskgate.dev/instance': 'dev' } },
  spec: {
    matchConstraints: {
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'projectcontour' } },
      objectSelector: { matchLabels: { app } },
      resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
    },
    failurePolicy: 'Ignore',
    reinvocationPolicy: 'Never',
    mutations,
  },
});

test.each([
  [1, ['--kubernetes-client-qps=1000', '--kubernetes-client-burst=2000', '--disable-leader-election']],
  [2, ['--kubernetes-client-qps=1000', '--kubernetes-client-burst=2000']],
])('what a new pod of %i Contours, and of Envoy, gets', (contourReplicas, values) => {
  const [contour, binding, envoy] = admissionPolicies({ ...spec, contourReplicas }, 'v1');
  expect(contour).toEqual(
    policyOf('taskgate-dev-contour', 'contour-tasks', [
      { patchType: 'JSONPatch', jsonPatch: { expression: `[${values.map(argument).join(', ')}]` } },
      { patchType: 'ApplyConfiguration', applyConfiguration: { expression: probed('contour', 30) } },
    ]),
  );
  expect(envoy).toEqual(
    policyOf('taskgate-dev-envoy', 'envoy-tasks', [
      { patchType: 'ApplyConfiguration', applyConfiguration: { expression: probed('envoy', 12) } },
    ]),
  );
  expect(binding).toMatchObject({
    kind: 'MutatingAdmissionPolicyBinding',
    metadata: { name: 'taskgate-dev-contour' },
    spec: { policyName: 'taskgate-dev-contour' },
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

test('who may not write them goes on without, and is told why', async () => {
  const lines: string[] = [];
  const refuse = (call: string) =>
    call.startsWith('apply') ? refusal(403, 'Forbidden', 'cannot patch them') : undefined;
  const { kube } = fakeKube({ kinds: kinds('v1'), refuse });
  expect(await applyPolicies(kube, spec, (line) => lines.push(describeProgress(line)))).toBe(false);
  expect(await applyPolicies(kube, spec)).toBe(false);
  expect(lines.join()).toMatch(/^the user may not write MutatingAdmissionPolicies \(cannot patch them\): at 200 tasks/);
});

test.each([
  ['a server that fails', 'apply', refusal(500, 'InternalError', 'etcd is away')],
  ['a bug', 'apply', new TypeError('no such field')],
])('%s is no reason to go on', async (_, call, error) => {
  const { kube } = fakeKube({ kinds: kinds('v1'), refuse: (seen) => (seen.startsWith(call) ? error : undefined) });
  await expect(applyPolicies(kube, spec)).rejects.toBe(error);
});

test('a server that does not say which version it serves is not taken for one that serves none', async () => {
  const { kube } = fakeKube({ absentKinds: [...kinds('v1'), ...kinds('v1beta1')] });
  const error = refusal(500, 'InternalError', 'etcd is away');
  await expect(applyPolicies({ ...kube, list: () => Promise.reject(error) }, spec)).rejects.toBe(error);
  expect(await applyPolicies(kube, spec)).toBe(false);
});

test.each([
  ['no containers', undefined, true],
  [
    'a container without arguments beside it',
    { containers: [{ name: 'side' }, { name: 'contour', args: ['--kubernetes-client-qps=1000'] }] },
    false,
  ],
  ['another rate', { containers: [{ name: 'contour', args: ['--kubernetes-client-qps=100'] }] }, true],
])('a pod with %s has a low rate: %s', (_, podSpec, isLimited) => {
  const { spec: __, ...bare } = contourPod('a', []);
  expect(isRateLimited({ ...bare, ...(podSpec && { spec: podSpec }) })).toBe(isLimited);
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
