import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Kube } from '../../src/lib/kube/client.ts';
import { kubeListener } from './kube-listener.ts';

/**
 * Puts a fake on a port of this machine, for what connects by a kubeconfig. `kinds` are those that it serves, as `v1/Node`. Returns the kubeconfig's text; its one context is `c`.
 */
export const serveKube = async (kube: Kube, kinds: readonly string[]): Promise<string> => {
  const server = createServer(kubeListener(kube, kinds));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'c', user: {} }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'c' } }],
    'current-context': 'c',
  });
};
