import { expect, test } from 'vitest';
import { contourPods, envoyPods, envoyServiceRef } from '../../src/model/contour-names.ts';

const gateway = { name: 'tasks', namespace: 'projectcontour' };

test("the provisioner names what it makes after the Gateway, in the Gateway's namespace", () => {
  const pods = { apiVersion: 'v1', kind: 'Pod', namespace: 'projectcontour' };
  expect(contourPods(gateway)).toEqual({ ...pods, labelSelector: 'app=contour-tasks' });
  expect(envoyPods(gateway)).toEqual({ ...pods, labelSelector: 'app=envoy-tasks' });
  const metadata = { name: 'envoy-tasks', namespace: 'projectcontour' };
  expect(envoyServiceRef(gateway)).toEqual({ apiVersion: 'v1', kind: 'Service', metadata });
});
