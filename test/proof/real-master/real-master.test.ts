import { createServer } from 'node:http';
import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../../src/lib/kube/types.ts';
import { gatewayRef } from '../../../src/model/gateway-api.ts';
import { refusal } from '../../fakes/kube.ts';
import { gateway as anyGateway, freePort, httpServer, listening } from '../../support/proof/local-path.ts';

import { brokenOf, cluster, gatewayOf, leftOf, localTask, scene, seed } from '../../support/proof/real-master.ts';

test('a slow login is waited for, and asked once', async () => {
  const fake = cluster();
  await using task = await localTask(fake);
  await using it = await scene(fake, task.port, { loginMs: 200 });
  expect((await it.prove()).ok).toBe(true);
  expect(it.logins()).toBe(1);
});

test('a task gets its request as the master passes it on: the whole path, and by whom', async () => {
  const fake = cluster();
  const seen: (readonly [string | undefined, string | string[] | undefined])[] = [];
  await using task = await listening(
    createServer(({ url, headers }, response) => {
      seen.push([url, headers['x-forwarded-proto']]);
      response.end(fake.nonce());
    }),
  );
  await using it = await scene(fake, task.port);
  expect((await it.prove()).ok).toBe(true);
  expect(seen).toEqual([[expect.stringMatching(/^\/proxy\/[-0-9a-f]{36}:8000\/taskgate$/), 'http']]);
});

test('what the task printed in its task log proves the way back by itself', async () => {
  const fake = cluster();
  await using task = await localTask(fake);
  await using it = await scene(fake, task.port, { shipsLogs: true, misbehaviour: { forgetsProxy: true } });
  const proven = await it.prove();
  expect(proven.ok).toBe(false);
  expect(proven.hops.at(-1)).toMatchObject({
    ...{ direction: 'reverse', ok: true, evidence: "the task's output came back in its task log" },
  });
});

test('a task that answers through the master proves every hop, and nothing is left', async () => {
  const fake = cluster();
  await using task = await localTask(fake);
  await using it = await scene(fake, task.port);
  const proven = await it.prove();
  expect(brokenOf(proven)).toBeUndefined();
  expect(proven).toMatchObject({ ok: true, cleanup: { ok: true } });
  expect(proven.hops.map(({ from, to }) => `${from} -> ${to.replace(/task .*/, 'task')}`)).toEqual([
    expect.stringMatching(/^host -> master http:/),
    'master -> task',
    `master -> 127.0.0.1:${task.port}`,
    `127.0.0.1:${task.port} -> Envoy`,
    'Envoy -> TCPRoute',
    'TCPRoute -> Service',
    'Service -> pod (http 8000)',
    'task -> DET_MASTER http://10.0.0.1:8080',
  ]);
  expect(proven.cleanup.removed.map((one) => one.split(' ')[0]).toSorted()).toEqual(
    ['listener', 'Job', 'Pod', 'ConfigMap', 'Service', 'TCPRoute', 'PriorityClass'].toSorted(),
  );
  expect(leftOf(fake)).toEqual([]);
  expect(gatewayOf(fake)).toMatchObject({ spec: { listeners: [seed] } });
});

describe('what keeps the command from being launched is the first broken hop', () => {
  test.for([
    [{ password: 'wrong' }, /refuses the login of admin: 401 invalid credentials/],
    [{ resourcePool: 'gpu' }, /could not find resource pool gpu/],
  ] as const)('%j', async ([spec, cause]) => {
    const fake = cluster();
    await using it = await scene(fake, 20000);
    const proven = await it.prove(spec);
    expect(proven).toMatchObject({ ok: false, cleanup: { ok: true, removed: [] } });
    expect(brokenOf(proven)?.finding?.cause).toMatch(cause);
    expect(fake.writes()).toEqual([]);
  });

  test('no master', async () => {
    const fake = cluster();
    await using foreign = await httpServer('<html>');
    await using it = await scene(fake, 20000);
    const proven = await it.prove({ url: `http://127.0.0.1:${foreign.port}` });
    expect(brokenOf(proven)?.finding?.cause).toMatch(/^no Determined master: GET \/info gave 200 "<html>"/);
  });

  test('a URL with a path is bad usage', async () => {
    await using it = await scene(cluster(), 20000);
    await expect(it.prove({ url: 'http://127.0.0.1:1/det' })).rejects.toMatchObject({ id: 'usage.master-url' });
  });
});

describe('what breaks on the way is named, and the command is killed all the same', { concurrent: true }, () => {
  test('no room for a listener', async ({ expect }) => {
    const tooMany = 'Gateway is invalid: spec.listeners: Too many: 65: must have at most 64 items';
    const refuse = (call: string) => (call.startsWith('update Gateway') ? refusal(422, 'Invalid', tooMany) : undefined);
    const fake = cluster({ refuse });
    await using it = await scene(fake, 20000);
    const proven = await it.prove();
    expect(brokenOf(proven)?.finding?.cause).toMatch(/^Too many: the Gateway CRD allows at most 64 listeners/);
    expect(leftOf(fake)).toEqual([]);
  });

  test('a proxy that the master never registers', async ({ expect }) => {
    const fake = cluster();
    await using task = await localTask(fake);
    await using it = await scene(fake, task.port, { misbehaviour: { forgetsProxy: true } });
    const proven = await it.prove();
    expect(brokenOf(proven)).toMatchObject({
      from: 'master',
      finding: { cause: expect.stringContaining('service not found') },
    });
    expect(leftOf(fake)).toEqual([]);
  });

  test('a gateway_ip that is not that of the Gateway', async ({ expect }) => {
    const fake = cluster();
    await using task = await localTask(fake);
    await using it = await scene(fake, task.port, { misbehaviour: { gatewayIp: '127.0.0.9' } });
    expect(brokenOf(await it.prove())?.finding).toMatchObject({
      hint: expect.stringContaining('is that its gateway_ip?'),
    });
  });

  test('nothing behind the Gateway', async ({ expect }) => {
    const fake = cluster();
    await using it = await scene(fake, await freePort());
    const proven = await it.prove();
    expect(brokenOf(proven)).toMatchObject({
      ...{ direction: 'forward', to: 'Envoy', evidence: expect.stringMatching(/^refused: connect ECONNREFUSED/) },
      finding: { cause: 'Gateway contour has no Envoy pod' },
    });
    expect(proven.hops.at(-1)).toMatchObject({ direction: 'reverse', ok: false });
  });

  test('another Gateway than the one of the instance', async ({ expect }) => {
    const other = { ...anyGateway, name: 'other' };
    const fake = cluster({
      objects: [anyGateway, other].map((one) => ({ ...gatewayRef(one), spec: { listeners: [seed] } }) as KubeObject),
    });
    await using task = await localTask(fake);
    const range = { start: task.port, end: task.port };
    await using it = await scene(fake, task.port, { gateway: { ...other, portRange: range } });
    const proven = await it.prove();
    expect(brokenOf(proven)).toMatchObject({
      evidence: 'the task answered, but not through this Gateway',
      finding: { cause: expect.stringContaining('created no listener for the task on Gateway projectcontour/contour') },
    });
  });

  test.for([
    ['STATE_QUEUED', /has not started the task/],
    ['STATE_PULLING', /still being pulled/],
  ] as const)('a task that stays in %s', async ([staysIn, cause], { expect }) => {
    const fake = cluster();
    await using it = await scene(fake, 20000, { misbehaviour: { staysIn } });
    expect(brokenOf(await it.prove({ timeoutMs: 500 }))?.finding?.cause).toMatch(cause);
  });

  test('a master that does not notice that the task runs', async ({ expect }) => {
    const fake = cluster();
    await using it = await scene(fake, 20000, { misbehaviour: { staysStarting: true } });
    expect(brokenOf(await it.prove({ timeoutMs: 1_000 }))?.finding?.hint).toContain('pods/log');
    expect(leftOf(fake)).toEqual([]);
  });

  test('an abort', async ({ expect }) => {
    const fake = cluster();
    await using it = await scene(fake, 20000, { misbehaviour: { staysStarting: true } });
    const abort = new AbortController();
    const proving = it.prove({ timeoutMs: 10_000, signal: abort.signal });
    await expect.poll(() => leftOf(fake), { timeout: 5_000 }).toContain('Job');
    abort.abort(new Error('interrupted'));
    await expect(proving).rejects.toThrow('interrupted');
    expect(leftOf(fake)).toEqual([]);
  });
});

test('a task whose pods the namespace refuses is not waited for: the events of its Job have the reason', async () => {
  const violation = 'violates PodSecurity "baseline:latest": hostPath volumes (volume "det-host-volume-0")';
  const fake = cluster({
    react: ({ kind, metadata: { name, namespace } }, { put }) => {
      if (kind !== 'Job') return;
      const event = { apiVersion: 'v1', kind: 'Event', metadata: { name: 'refused', namespace: namespace ?? '' } };
      const message = `Error creating: pods "${name}-abcde" is forbidden: ${violation}`;
      put({ ...event, reason: 'FailedCreate', message, involvedObject: { kind: 'Job', name } } as KubeObject);
    },
  });
  await using at = await scene(fake, await freePort());
  const broken = brokenOf(await at.prove({ timeoutMs: 60_000 }));
  expect(broken).toMatchObject({
    ...{ from: 'master', evidence: 'its Job has no pod' },
    finding: { cause: expect.stringContaining(violation), hint: expect.stringContaining('--pod-security privileged') },
  });
});
