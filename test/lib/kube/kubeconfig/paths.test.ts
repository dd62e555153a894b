import { expect, test } from 'vitest';
import { kubeconfigPaths } from '../../../../src/lib/kube/kubeconfig/paths.ts';

test.each([
  ['/a/one:/b/two', ['/a/one', '/b/two']],
  ['/a/one::/a/one', ['/a/one']],
  [':', ['/home/me/.kube/config']],
  ['', ['/home/me/.kube/config']],
  [undefined, ['/home/me/.kube/config']],
])('the list %s names its files, else the usual one', (list, paths) => {
  expect(kubeconfigPaths(list, '/home/me')).toEqual(paths);
});
