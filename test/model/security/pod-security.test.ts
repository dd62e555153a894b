import { expect, test } from 'vitest';
import { explainPodSecurity } from '../../../src/model/security/pod-security.ts';

test('a violation of Pod Security has its reason and both ways out; any other refusal is none', () => {
  const violation = 'violates PodSecurity "baseline:latest": hostPath volumes (volume "det-host-volume-0")';
  expect(explainPodSecurity(`Error creating: pods "det-1-exp-2" is forbidden: ${violation}`)).toEqual({
    cause: `the namespace admits no such pod: it ${violation}`,
    hint: expect.stringMatching(/PersistentVolumeClaim .*docs\/pod-security\.md.*--pod-security privileged$/),
  });
  expect(explainPodSecurity('pods "a" is forbidden: exceeded quota: small')).toBeUndefined();
});
