import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { masterConfig } from '../../../src/master/write/config.ts';
import { renderOwnedConfig } from '../../../src/master/write/owned.ts';
import type { MasterValues } from '../../../src/master/write/values.ts';

const values: MasterValues = {
  instance: 'dev',
  instanceId: '0123456789abcdef',
  gateway: {
    ...{ name: 'contour', namespace: 'projectcontour', address: '10.210.255.2', via: 'node' },
    ...{ portRange: { start: 20000, end: 20199 }, capacity: { limit: 200, because: 'the port range' } },
  },
  master: { scheme: 'http', host: '10.210.255.1', port: 8080, via: 'direct' },
  kubeconfigPath: '/state/kubeconfig',
  adminPassword: 'Secret123456',
  ...{ clusterName: 'default', resourcePool: 'default', taskNamespace: 'default', taskImage: 'small:1' },
  ...{ maxSlotsPerPod: 1, listenPort: 8080, cacheDir: '/state/master-cache', root: '/state/master-root' },
};

test("a master of taskgate's own has its own database and an absolute root, all else as a user's has it", () => {
  const database = { host: '127.0.0.1', port: '5555', user: 'postgres', password: 'p', name: 'determined' };
  const text = renderOwnedConfig([values], { database, root: '/m/share/determined/master' });
  expect(parse(text)).toEqual({ ...masterConfig(values), db: database, root: '/m/share/determined/master' });
});

test('two instances with one pool are refused as for any master', () => {
  const database = { host: 'h', port: '1', user: 'u', password: 'p', name: 'n' };
  const render = () => renderOwnedConfig([values, { ...values, instance: 'other' }], { database, root: '/m' });
  expect(render).toThrow(expect.objectContaining({ id: 'usage.instances-overlap' }));
});
