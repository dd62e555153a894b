import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { type Kube, KubeError } from '../../src/lib/kube/client.ts';

const pluralOf = (kind: string): string => `${kind.toLowerCase()}s`;

/** Of `/apis/apps/v1/namespaces/default/deployments/one`: the group with its version, namespace, plural and name. */
const parsePath = (path: string) => {
  const match =
    /^\/(?:api\/(v1)|apis\/([^/]+\/[^/]+))(?:\/namespaces\/([^/]+)(?=\/))?(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(path);
  const [, core, group, namespace, plural, name] = match ?? [];
  return { apiVersion: core ?? group, namespace, plural, name };
};

const answer = async (kube: Kube, kinds: readonly string[], request: IncomingMessage): Promise<string> => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  const { apiVersion, namespace, plural, name } = parsePath(pathname);
  if (!apiVersion) return kube.text(pathname, Object.fromEntries(searchParams));
  const served = kinds.filter((one) => one.startsWith(`${apiVersion}/`)).map((one) => one.slice(apiVersion.length + 1));
  if (!plural) {
    return JSON.stringify({ resources: served.map((kind) => ({ kind, name: pluralOf(kind), namespaced: true })) });
  }
  const kind = served.find((one) => pluralOf(one) === plural) ?? plural;
  const place = namespace ? { namespace } : {};
  if (request.method === 'POST') return JSON.stringify(await kube.create(JSON.parse(await text(request))));
  if (name) return JSON.stringify(await kube.get({ apiVersion, kind, metadata: { name, ...place } }));
  const labelSelector = searchParams.get('labelSelector');
  const selection = { apiVersion, kind, ...place, ...(labelSelector && { labelSelector }) };
  return JSON.stringify({ metadata: { resourceVersion: '1' }, items: await kube.list(selection) });
};

/**
 * Puts a fake on a port of this machine, for what connects by a kubeconfig: reads without watches, and creates. `kinds` are
 * those that it serves, as `v1/Node`. Returns the kubeconfig's text; its one context is `c`.
 */
export const serveKube = async (kube: Kube, kinds: readonly string[]): Promise<string> => {
  const server = createServer((request, response) => {
    answer(kube, kinds, request).then(
      (body) => response.end(body),
      (error: Error) => {
        const { code, reason } = error instanceof KubeError ? error : { code: 500, reason: 'Fake' };
        response.writeHead(code).end(JSON.stringify({ reason, message: error.message }));
      },
    );
  });
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
