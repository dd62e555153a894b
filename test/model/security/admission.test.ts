import { expect, test } from 'vitest';
import { explainAdmission } from '../../../src/model/security/admission.ts';

const creating = (text: string) => `Error creating: pods "envoy-contour-x7k2p" is forbidden: ${text}`;

test.each([
  [
    'a quota that wants limits',
    creating('failed quota: q: must specify limits.memory for: envoy; requests.cpu for: envoy'),
    /^ResourceQuota q wants requests or limits of each pod: give the namespace a LimitRange/,
  ],
  [
    'a quota that is used up',
    creating('exceeded quota: count, requested: pods=1, used: pods=3, limited: pods=3'),
    /^raise ResourceQuota count of the namespace/,
  ],
  ['a LimitRange', creating('minimum cpu usage per Container is 10m, but request is 0'), /LimitRange/],
  ['a LimitRange, above', creating('maximum memory usage per Pod is 64Mi, but limit is 1Gi'), /LimitRange/],
  [
    'Pod Security',
    creating('violates PodSecurity "restricted:latest": seccompProfile (pod or container "http" must set ...)'),
    /--pod-security privileged$/,
  ],
  [
    'an admission policy',
    creating("ValidatingAdmissionPolicy 'labels' with binding 'labels' denied request: every pod needs team"),
    /^change ValidatingAdmissionPolicy labels/,
  ],
  [
    'a webhook',
    'Error creating: admission webhook "validate.kyverno.svc-fail" denied the request: no hostPort',
    /behind admission webhook validate\.kyverno\.svc-fail/,
  ],
  [
    'a namespace that goes',
    creating('unable to create new content in namespace x because it is being terminated'),
    /being deleted/,
  ],
  ['anything else', creating('because I say so'), /^make the namespace admit the pod/],
])('%s is final, and has its own hint', (_, message, hint) => {
  expect(explainAdmission(message)).toEqual({ cause: message, hint: expect.stringMatching(hint), isFinal: true });
});

test('a webhook that does not answer may answer soon', () => {
  const message = 'Error creating: Internal error occurred: failed calling webhook "a.b": connection refused';
  expect(explainAdmission(message)).toMatchObject({
    isFinal: false,
    hint: expect.stringMatching(/^admission webhook a\.b/),
  });
});

test.each([
  creating('error looking up service account default/default: serviceaccount "default" not found'),
  'Created pod: x',
  'Readiness probe failed: HTTP probe failed with statuscode: 503',
  'Failed to pull image "x": not found',
  'FailedCreatePodSandBox: no CNI',
])('what ends by itself, or is no refusal, is none: %s', (message) => {
  expect(explainAdmission(message)).toBeUndefined();
});
