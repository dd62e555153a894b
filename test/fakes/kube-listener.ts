import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { type Kube, KubeError } from '../../src/lib/kube/client.ts';
import type { KubeObject, Selection } from '../../src/lib/kube/types.ts';

const pluralOf = (kind: string): string =>
  `${kind.toLowerCase()}s`.replace(/(?<!wa)ys$/, 'ies').replace(/classs$/, 'classes');

/** Of `/apis/apps/v1/namespaces/default/deployments/one/status`: its parts. */
const parsePath = (path: string) => {
  const match =
    /^\/(?:api\/(v1)|apis\/([^/]+\/[^/]+))(?:\/namespaces\/([^/]+)(?=\/))?(?:\/([^/]+))?(?:\/([^/]+))?(?:\/(status))?$/.exec(
      path,
    );
  const [, core, group, namespace, plural, name, subresource] = match ?? [];
  return { apiVersion: core ?? group, namespace, plural, name, subresource };
};

/** Sends what a watch gives until the client goes away. */
const follow = async (kube: Kube, selection: Selection, response: ServerResponse): Promise<void> => {
  const ending = new AbortController();
  response.on('close', () => ending.abort());
  for await (const objects of kube.watch(selection, ending.signal)) {
    for (const object of objects) response.write(`${JSON.stringify({ type: 'MODIFIED', object })}\n`);
  }
  response.end();
};

type Asked = {
  readonly kube: Kube;
  readonly kinds: readonly string[];
  readonly request: IncomingMessage;
  readonly query: URLSearchParams;
};

const write = async ({ kube, request, query }: Asked, object: KubeObject, subresource: string | undefined) => {
  const contentType = request.headers['content-type'] ?? '';
  const body: unknown = JSON.parse((await text(request)) || '{}');
  const dryRun = query.has('dryRun');
  if (request.method === 'POST') return kube.create(body as KubeObject, { dryRun });
  if (request.method === 'PUT') return kube.update(body as KubeObject, { dryRun });
  if (request.method === 'DELETE') return { removed: await kube.remove(object) };
  if (contentType.includes('apply')) {
    return kube.apply(body as KubeObject, { dryRun, force: query.get('force') === 'true' });
  }
  const type = contentType.includes('json-patch') ? 'json' : 'merge';
  return kube.patch(object, body, { type, dryRun, ...(subresource === 'status' && { subresource }) });
};

const answer = async (asked: Omit<Asked, 'query'>, response: ServerResponse): Promise<void> => {
  const { kube, kinds, request } = asked;
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  const { apiVersion, namespace, plural, name, subresource } = parsePath(pathname);
  const send = (value: unknown) => response.end(JSON.stringify(value));
  if (!apiVersion) return void response.end(await kube.text(pathname, Object.fromEntries(searchParams)));
  const served = kinds.filter((one) => one.startsWith(`${apiVersion}/`)).map((one) => one.slice(apiVersion.length + 1));
  if (!plural) {
    return void send({ resources: served.map((kind) => ({ kind, name: pluralOf(kind), namespaced: true })) });
  }
  const kind = served.find((one) => pluralOf(one) === plural) ?? plural;
  const place = namespace ? { namespace } : {};
  const object = { apiVersion, kind, metadata: { name: name ?? '', ...place } };
  if (request.method !== 'GET') return void send(await write({ ...asked, query: searchParams }, object, subresource));
  if (name) return void send(await kube.get(object));
  const labelSelector = searchParams.get('labelSelector');
  const fieldSelector = searchParams.get('fieldSelector');
  const selection = {
    apiVersion,
    kind,
    ...place,
    ...(labelSelector && { labelSelector }),
    ...(fieldSelector && { fieldSelector }),
  };
  if (searchParams.get('watch')) return follow(kube, selection, response);
  send({ metadata: { resourceVersion: '1' }, items: await kube.list(selection) });
};

/** Serves a fake by HTTP, to what connects by a kubeconfig. `kinds` are those that it serves, as `v1/Node`. */
export const kubeListener =
  (kube: Kube, kinds: readonly string[]): RequestListener =>
  (request, response) => {
    answer({ kube, kinds, request }, response).catch((error: Error) => {
      const { code, reason } = error instanceof KubeError ? error : { code: 500, reason: 'Fake' };
      if (!response.headersSent) response.writeHead(code);
      response.end(JSON.stringify({ reason, message: error.message }));
    });
  };
