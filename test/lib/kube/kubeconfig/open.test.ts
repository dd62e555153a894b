import { readFileSync } from 'node:fs';
import { createServer as createPlainServer, type RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { isAllowed } from '../../../../src/lib/kube/access-review.ts';
import { connect } from '../../../../src/lib/kube/client.ts';
import { type OpenOptions, openKubeconfig } from '../../../../src/lib/kube/kubeconfig/open.ts';
import { portForwarder } from '../../../../src/lib/kube/port-forward.ts';
import { startProxy } from '../../../support/proxy.ts';

const fixture = (name: string): Buffer => readFileSync(join(import.meta.dirname, '../../../fixtures', name));
const [cert, key] = [fixture('localhost-cert.pem'), fixture('localhost-key.pem')];

type Seen = { readonly url: string; readonly token: string | undefined; readonly servername: unknown };

const nodes = { metadata: { resourceVersion: '7' }, items: [] };
const answers: Readonly<Record<string, object>> = {
  'api/v1': { resources: [{ name: 'nodes', kind: 'Node', namespaced: false }] },
  'authorization.k8s.io/v1': {
    resources: [{ name: 'selfsubjectaccessreviews', kind: 'SelfSubjectAccessReview', namespaced: false }],
  },
  selfsubjectaccessreviews: { status: { allowed: true } },
  nodes,
};

/** An API server below any path. It keeps what it was asked for, refuses port-forwards, and lets a watch end at once. */
const serve = async (isTls: boolean) => {
  const seen: Seen[] = [];
  const note = ({ url = '', headers, socket }: Parameters<RequestListener>[0]) => {
    // of the ClientHello; the types of Node.js lack it
    const { servername } = socket as { readonly servername?: unknown };
    seen.push({ url, token: headers.authorization, servername });
    return url;
  };
  const listener: RequestListener = (request, response) => {
    const url = note(request);
    const [, answer = {}] = Object.entries(answers).find(([end]) => url.split('?')[0]?.endsWith(`/${end}`)) ?? [];
    response.end(url.includes('watch=true') ? '' : JSON.stringify(answer));
  };
  const server = isTls ? createServer({ cert, key }, listener) : createPlainServer(listener);
  server.on('upgrade', (request, socket) => {
    note(request);
    socket.end('HTTP/1.1 418 Seen\r\nContent-Length: 0\r\n\r\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { seen, host: `127.0.0.1:${(server.address() as AddressInfo).port}` };
};

const kubeconfigOf = (cluster: object, user: object = { token: 'secret' }): string => {
  const named = { name: 'x', cluster, user, context: { cluster: 'x', user: 'x' } };
  return JSON.stringify({ clusters: [named], users: [named], contexts: [named], 'current-context': 'x' });
};

/** Every way in which taskgate talks to an API server, once. */
const useAll = async (kubeconfig: string, options?: OpenOptions): Promise<void> => {
  const kube = connect(kubeconfig, undefined, options);
  await kube.text('/readyz');
  expect(await isAllowed(kube, { verb: 'get', group: '', resource: 'nodes' })).toBe(true);
  const stop = new AbortController();
  const watching = kube.watch({ apiVersion: 'v1', kind: 'Node' }, stop.signal)[Symbol.asyncIterator]();
  await watching.next();
  const ended = watching.next();
  await portForwarder(
    kubeconfig,
    undefined,
    options,
  )({ namespace: 'n', pod: 'p', port: 1 }).catch(({ id, message }) =>
    expect({ id, message }).toEqual({ id: 'cluster.port-forward', message: expect.stringContaining('418') }),
  );
  stop.abort();
  await ended;
};

const asked = [
  '/api/v1',
  '/api/v1/namespaces/n/pods/p/portforward?ports=1',
  '/api/v1/nodes',
  '/api/v1/nodes?watch=true&resourceVersion=7',
  '/apis/authorization.k8s.io/v1',
  '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews?fieldManager=taskgate',
  '/readyz',
];

const urlsOf = (seen: readonly Seen[]): readonly string[] => [...new Set(seen.map(({ url }) => url))].toSorted();

test.each([
  ['', ''],
  ['/', ''],
  ['/k8s/clusters/c-m-abc', '/k8s/clusters/c-m-abc'],
  ['/k8s/clusters/c-m-abc/', '/k8s/clusters/c-m-abc'],
])('a server that ends in %j is asked below %j, by requests, watches, reviews and port-forwards', async (end, path) => {
  const { seen, host } = await serve(false);
  await useAll(kubeconfigOf({ server: `http://${host}${end}`, 'insecure-skip-tls-verify': true }));
  expect(urlsOf(seen)).toEqual(asked.map((url) => path + url));
  expect(new Set(seen.map(({ token }) => token))).toEqual(new Set(['Bearer secret']));
});

test('tls-server-name is the name that every connection asks for, with a path too', async () => {
  const { seen, host } = await serve(true);
  const ca = { 'certificate-authority-data': cert.toString('base64') };
  await useAll(kubeconfigOf({ server: `https://${host}/k8s`, 'tls-server-name': 'localhost', ...ca }));
  expect(urlsOf(seen)).toEqual(asked.map((url) => `/k8s${url}`));
  expect(new Set(seen.map(({ servername }) => servername))).toEqual(new Set(['localhost']));
});

test('the name of the server is what every connection asks for, as kubectl does', async () => {
  const { seen, host } = await serve(true);
  const ca = { 'certificate-authority-data': cert.toString('base64') };
  await useAll(kubeconfigOf({ server: `https://${host.replace('127.0.0.1', 'localhost')}`, ...ca }));
  expect(new Set(seen.map(({ servername }) => servername))).toEqual(new Set(['localhost']));
});

test('a tls-server-name that is an address is looked for in the certificate, and not asked for', async () => {
  const { seen, host } = await serve(true);
  const warned: string[] = [];
  const note = ({ message }: Error) => void warned.push(message);
  process.on('warning', note);
  onTestFinished(() => void process.off('warning', note));
  const server = `https://${host.replace('127.0.0.1', 'localhost')}`;
  const ca = { 'certificate-authority-data': cert.toString('base64') };
  await useAll(kubeconfigOf({ server, 'tls-server-name': '127.0.0.1', ...ca }));
  expect(new Set(seen.map(({ servername }) => servername))).toEqual(new Set([false]));
  const other = kubeconfigOf({ server, 'tls-server-name': '10.0.0.1', ...ca });
  await expect(connect(other).text('/readyz')).rejects.toThrow(/does not match certificate/);
  expect(warned).toEqual([]);
});

test('a port-forward whose token is refused is asked for once more, with a new one', async () => {
  const tokens: (string | undefined)[] = [];
  const server = createPlainServer().on('upgrade', ({ headers }, socket) => {
    const isFirst = tokens.push(headers.authorization) === 1;
    socket.end(`HTTP/1.1 ${isFirst ? '401 Unauthorized' : '418 Seen'}\r\nContent-Length: 0\r\n\r\n`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const apiVersion = 'client.authentication.k8s.io/v1';
  const print = `echo '{"kind":"ExecCredential","apiVersion":"${apiVersion}","status":{"token":"'$$'"}}'`;
  const user = { exec: { apiVersion, command: 'sh', args: ['-c', print] } };
  const cluster = { server: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  const forward = portForwarder(kubeconfigOf(cluster, user), undefined, { runsPrograms: true });
  await expect(forward({ namespace: 'n', pod: 'p', port: 1 })).rejects.toThrow('418');
  expect(new Set(tokens).size).toBe(2);
});

test('a name that the certificate does not have is refused by every connection', async () => {
  const { seen, host } = await serve(true);
  const ca = { 'certificate-authority-data': cert.toString('base64') };
  const kubeconfig = kubeconfigOf({ server: `https://${host}`, 'tls-server-name': 'other.example', ...ca });
  await expect(connect(kubeconfig).text('/readyz')).rejects.toThrow(/does not match certificate/);
  const forwarding = portForwarder(kubeconfig)({ namespace: 'n', pod: 'p', port: 1 });
  await expect(forwarding).rejects.toThrow(/does not match certificate/);
  expect(seen).toEqual([]);
});

test.each([
  'http://HOST',
  'HOST',
  'localhost:PORT',
])('kubectl takes %s in clear text, and so does this', async (form) => {
  const { seen, host } = await serve(false);
  const server = form.replace('HOST', host).replace('PORT', host.split(':')[1] ?? '');
  await useAll(kubeconfigOf({ server }));
  expect(urlsOf(seen)).toEqual(asked);
});

test('HTTPS_PROXY is the way of every connection, unless NO_PROXY names the API server', async () => {
  const { seen, host } = await serve(true);
  const proxy = await startProxy();
  const ca = { 'certificate-authority-data': cert.toString('base64'), 'tls-server-name': 'localhost' };
  const kubeconfig = kubeconfigOf({ server: `https://${host.replace('127.0.0.1', 'api.example')}`, ...ca });
  const env = { HTTPS_PROXY: `http://me:secret@${proxy.host}` };
  await useAll(kubeconfig, { env });
  expect(urlsOf(seen)).toEqual(asked);
  expect(new Set(proxy.asked)).toEqual(new Set([`${host.replace('127.0.0.1', 'api.example')} me:secret`]));
  expect(openKubeconfig(kubeconfig, 'x', { env: { ...env, NO_PROXY: '10.0.0.0/8,.example' } }).proxy).toBeUndefined();
  expect(openKubeconfig(kubeconfigOf({ server: 'https://127.0.0.1:1' }), 'x', { env }).proxy).toBeUndefined();
});

test('a certificate of another authority is said to be that, not a cluster that does not run', async () => {
  const { host } = await serve(true);
  await expect(connect(kubeconfigOf({ server: `https://${host}` })).text('/readyz')).rejects.toMatchObject({
    id: 'cluster.api',
    message: expect.stringContaining('shows a certificate that is self-signed'),
    hint: expect.stringContaining('certificate-authority-data'),
  });
  const open = kubeconfigOf({ server: `https://${host}`, 'insecure-skip-tls-verify': true });
  expect(await connect(open).text('/readyz')).toBe('{}');
});

test('proxy-url is the way of every connection, and tls-server-name counts behind it', async () => {
  const { seen, host } = await serve(true);
  const proxy = await startProxy();
  const ca = { 'certificate-authority-data': cert.toString('base64') };
  const server = `https://${host}/k8s`;
  await useAll(kubeconfigOf({ server, 'proxy-url': `http://${proxy.host}`, 'tls-server-name': 'localhost', ...ca }));
  expect(urlsOf(seen)).toEqual(asked.map((url) => `/k8s${url}`));
  expect(new Set(seen.map(({ servername }) => servername))).toEqual(new Set(['localhost']));
  expect(new Set(proxy.asked)).toEqual(new Set([host]));
  expect(proxy.asked.length).toBeGreaterThanOrEqual(2);
});

test.each([
  [{ server: 'ftp://api.example' }, "cluster 'x' has a server that is no such address: ftp://api.example"],
  [{ server: 'http://' }, "cluster 'x' has a server that is no such address: http://"],
  [{ server: '' }, "cluster 'x' has a server that is no such address: none"],
  [{}, "cluster 'x' has a server that is no such address: none"],
  [
    { server: 'https://a', 'certificate-authority-data': 'no base64!' },
    "certificate-authority-data of cluster 'x' is no PEM text in base64",
  ],
  [{ server: 'https://a', 'certificate-authority-data': 'aGVsbG8=' }, 'is no PEM text in base64'],
  [{ server: 'https://a/?x=1' }, 'has a server that is no such address'],
  [{ server: 'https://a', 'proxy-url': 'proxy:3128' }, "cluster 'x' has a proxy-url that is no address of a proxy"],
  [{ server: 'https://a', 'proxy-url': 'ftp://me:secret@b' }, 'has a proxy-url that is no address of a proxy'],
])('%j is refused before anything is sent', (cluster, message) => {
  expect(() => openKubeconfig(kubeconfigOf(cluster))).toThrow(
    expect.objectContaining({ id: 'usage.kubeconfig', message: expect.stringContaining(message) }),
  );
  expect(() => openKubeconfig(kubeconfigOf(cluster))).not.toThrow(/secret/);
});

test('a context that is not there is named, with those that are', () => {
  expect(() => openKubeconfig(kubeconfigOf({ server: 'https://a' }), 'y')).toThrow(
    expect.objectContaining({ id: 'cluster.no-context', hint: 'known contexts: x' }),
  );
});
