import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** Serves an API over plain http until the test ends; gives the kubeconfig that leads there, as JSON. */
export const servePlainly = async (listener: RequestListener): Promise<string> => {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const named = {
    name: 'x',
    cluster: { server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, 'insecure-skip-tls-verify': true },
    user: {},
    context: { cluster: 'x', user: 'x' },
  };
  return JSON.stringify({ clusters: [named], users: [named], contexts: [named], 'current-context': 'x' });
};
