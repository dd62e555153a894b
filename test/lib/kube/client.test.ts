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
