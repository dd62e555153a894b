import { createServer } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { refuseRequests } from '../../../../src/commands/chaos/faults/api.ts';
import type { Fault } from '../../../../src/commands/chaos/faults/fault.ts';

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

type Seen = { readonly method: string; readonly url: string; readonly token: string; readonly body: string };

/** An API server that takes everything, and what it was asked. */
const serve = async () => {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += String(part);
    const { method = '', url = '', headers } = request;
    seen.push({ method, url, token: headers.authorization ?? '', body });
    response.writeHead(200, { 'content-type': 'application/json' }).end(body || '{"kind":"Status","answer":"yes"}');
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  open.push(() => server.close());
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const kubeconfig = JSON.stringify({
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'own' },
    clusters: [{ name: 'own', cluster: { server: `http://127.0.0.1:${port}` } }],
    users: [{ name: 'own', user: { token: 'own-token' } }],
    contexts: [{ name: 'own', context: { cluster: 'own', user: 'own' } }],
  });
  return { seen, kubeconfig };
};

const prepare = async (code: 429 | 500) => {
  const { seen, kubeconfig } = await serve();
  const fault = await refuseRequests({ kubeconfig, kubeContext: 'own' }, code);
  open.push(() => fault.close?.());
  return { seen, fault };
};

const ask = (fault: Fault, path = '/version') => fault.kube?.text(path);

test('nothing is refused before the fault: requests arrive with the own credentials of the kubeconfig', async () => {
  const { seen, fault } = await prepare(500);
  expect(await ask(fault, '/version?a=b')).toContain('yes');
  expect(seen).toEqual([{ method: 'GET', url: '/version?a=b', token: 'Bearer own-token', body: '' }]);
});

test('500: every second request is refused, and the client gets each answer nevertheless', async () => {
  const { seen, fault } = await prepare(500);
  const broken = await fault.inject();
  for (const path of ['/a', '/b', '/c']) expect(await ask(fault, path)).toContain('yes');
  expect(seen.map(({ url }) => url)).toEqual(['/a', '/b', '/c']);
  expect(await broken.isBack()).toBe('requests are still refused');
  await broken.lift?.();
  expect(await broken.isBack()).toBe(true);
});

test('a fault that met no request is no fault', async () => {
  const { fault } = await prepare(429);
  const broken = await fault.inject();
  await expect(broken.lift?.()).rejects.toMatchObject({
    id: 'proof.not-injected',
    message: 'the fault was not injected: no request was refused, since none came',
  });
});
