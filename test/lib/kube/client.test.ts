import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { connect } from '../../../src/lib/kube/client.ts';
import { servePlainly } from '../../support/kube/plain-server.ts';

const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'team' } };
const path = '/api/v1/namespaces/team/pods';

/** An API server with one pod, that keeps what it was sent. */
const serve = async () => {
  const calls: { readonly call: string; readonly type?: string | undefined; readonly body?: unknown }[] = [];
  const kubeconfig = await servePlainly(async (request, response) => {
    const { method, url = '/', headers } = request;
    if (url === '/api/v1') {
      return response.end(JSON.stringify({ resources: [{ name: 'pods', kind: 'Pod', namespaced: true }] }));
    }
    const sent = await text(request);
    const type = headers['content-type'];
    calls.push({ call: `${method} ${url}`, ...(sent && { type, body: JSON.parse(sent) }) });
    if (url.includes('absent'))
      return response.writeHead(404).end(JSON.stringify({ reason: 'NotFound', message: 'no' }));
    if (url.includes('secret'))
      return response.writeHead(403).end(JSON.stringify({ reason: 'Forbidden', message: 'no' }));
    const { apiVersion: _, kind: __, ...item } = pod;
    return response.end(JSON.stringify(url.split('?')[0] === path ? { items: [item] } : pod));
  });
  return { kube: connect(kubeconfig), calls };
};

const absent = { ...pod, metadata: { ...pod.metadata, name: 'absent' } };
const forbidden = { ...pod, metadata: { ...pod.metadata, name: 'secret' } };

test('apply is a server-side apply with the field manager, and takes over fields unless told otherwise', async () => {
  const { kube, calls } = await serve();
  await kube.apply(pod);
  await kube.apply(pod, { dryRun: true, force: false });
  const type = 'application/apply-patch+yaml';
  expect(calls).toEqual([
    { call: `PATCH ${path}/p?fieldManager=taskgate&force=true`, type, body: pod },
    { call: `PATCH ${path}/p?fieldManager=taskgate&dryRun=All&force=false`, type, body: pod },
  ]);
});

test('create posts to the collection, update replaces the object', async () => {
  const { kube, calls } = await serve();
  await kube.create(pod);
  await kube.update(pod, { dryRun: true });
  expect(calls.map(({ call }) => call)).toEqual([
    `POST ${path}?fieldManager=taskgate`,
    `PUT ${path}/p?fieldManager=taskgate&dryRun=All`,
  ]);
});

test('a patch has its own content type, and may be of the status', async () => {
  const { kube, calls } = await serve();
  await kube.patch(pod, { status: {} }, { type: 'merge', subresource: 'status' });
  await kube.patch(pod, [], { type: 'json' });
  expect(calls).toEqual([
    {
      call: `PATCH ${path}/p/status?fieldManager=taskgate`,
      type: 'application/merge-patch+json',
      body: { status: {} },
    },
    { call: `PATCH ${path}/p?fieldManager=taskgate`, type: 'application/json-patch+json', body: [] },
  ]);
});

test('listed objects have their kind, which the API server leaves out', async () => {
  const { kube, calls } = await serve();
  expect(await kube.list({ apiVersion: 'v1', kind: 'Pod', namespace: 'team', labelSelector: 'app=x' })).toEqual([pod]);
  expect(calls.map(({ call }) => call)).toEqual([`GET ${path}?labelSelector=app%3Dx`]);
});

test('an absent object is undefined for find and false for remove; a refusal is thrown', async () => {
  const { kube } = await serve();
  expect(await kube.find(pod)).toEqual(pod);
  expect(await kube.find(absent)).toBeUndefined();
  expect(await kube.remove(absent)).toBe(false);
  await expect(kube.find(forbidden)).rejects.toMatchObject({ name: 'KubeError', code: 403, reason: 'Forbidden' });
  await expect(kube.remove(forbidden)).rejects.toMatchObject({ code: 403 });
});

test('remove names the propagation, and a grace period only if one is given', async () => {
  const { kube, calls } = await serve();
  expect(await kube.remove(pod)).toBe(true);
  await kube.remove(pod, { propagation: 'Foreground', gracePeriodSeconds: 0 });
  expect(calls.map(({ body }) => body)).toEqual([
    { propagationPolicy: 'Background' },
    { propagationPolicy: 'Foreground', gracePeriodSeconds: 0 },
  ]);
});

const timeout = {
  kind: 'Status',
  reason: 'Timeout',
  message: 'Timeout: request did not complete within requested timeout - context deadline exceeded',
};
const kinds = { resources: [{ name: 'pods', kind: 'Pod', namespaced: true, verbs: ['list'] }] };

type Slow = {
  /** How the first try of a write ends. */
  readonly first: 504 | 'closed';
  /** Whether that try was stored all the same. */
  readonly isStored: boolean;
  /** Who has made the object that is there. */
  readonly manager?: string;
};

type Stored = { readonly metadata: object } | undefined;

const made = (manager: string): Stored => ({
  ...pod,
  metadata: { ...pod.metadata, managedFields: [{ manager, operation: 'Update' }] },
});

/** What an API server answers, by what it has. */
const answerTo = (method: string, url: string, stored: Stored): readonly [number, object] => {
  if (method === 'POST' && stored) return [409, { reason: 'AlreadyExists', message: 'pods "p" already exists' }];
  if (method === 'DELETE' && !stored) return [404, { reason: 'NotFound', message: 'pods "p" not found' }];
  return [200, method === 'GET' && url === path ? { items: [pod] } : (stored ?? pod)];
};

/** A stand-in for an API server whose first answer to each method is late, in the words of its own timeout. */
const serveSlowly = async ({ first, isStored, manager = 'taskgate' }: Slow) => {
  const calls: string[] = [];
  let stored: Stored;
  const store = (method: string) => {
    if (method !== 'GET') stored = method === 'DELETE' ? undefined : made(manager);
  };
  const kubeconfig = await servePlainly(async (request, response) => {
    const { method = '', url = '' } = request;
    const say = (code: number, body: object) => void response.writeHead(code).end(JSON.stringify(body));
    if (url === '/api/v1') return say(200, kinds);
    await text(request);
    const isFirst = !calls.includes(method);
    calls.push(method);
    const [code, body] = answerTo(method, url, stored);
    if ((!isFirst && code === 200) || (isFirst && isStored)) store(method);
    if (!isFirst) return say(code, body);
    return first === 504 ? say(504, timeout) : void request.socket.destroy();
  });
  // as on a machine where one answer takes longer than all patience
  return { kube: connect(kubeconfig, undefined, { patienceMs: 0 }), calls };
};

test.each(['closed', 504] as const)('each request is sent again after its first try: %s', async (first) => {
  const { kube, calls } = await serveSlowly({ first, isStored: false });
  expect(await kube.get(pod)).toMatchObject(pod);
  expect(await kube.create(pod)).toMatchObject(pod);
  expect(await kube.apply(pod)).toMatchObject(pod);
  expect(await kube.update(pod)).toMatchObject(pod);
  expect(await kube.list({ apiVersion: 'v1', kind: 'Pod', namespace: 'team' })).toMatchObject([pod]);
  expect(await kube.remove(pod)).toBe(true);
  expect(calls).toEqual(['GET', 'GET', 'POST', 'POST', 'PATCH', 'PATCH', 'PUT', 'PUT', 'GET', 'DELETE', 'DELETE']);
});

test.each(['closed', 504] as const)('a try that was stored all the same is no conflict: %s', async (first) => {
  const { kube, calls } = await serveSlowly({ first, isStored: true });
  expect(await kube.create(pod)).toMatchObject({ metadata: { name: 'p', managedFields: expect.anything() } });
  expect(await kube.remove(pod)).toBe(true);
  expect(calls).toEqual(['POST', 'POST', 'GET', 'GET', 'DELETE', 'DELETE']);
});

test('an object that somebody else has made in between is a conflict', async () => {
  const { kube } = await serveSlowly({ first: 504, isStored: true, manager: 'kubectl-create' });
  await expect(kube.create(pod)).rejects.toMatchObject({ code: 409, reason: 'AlreadyExists' });
});
