import { createServer } from 'node:http';
import { describe, expect, test } from 'vitest';
import type { Kube } from '../../../src/lib/kube/client.ts';
import type { KubeObject } from '../../../src/lib/kube/types.ts';
import { gatewayRef } from '../../../src/model/gateway-api.ts';
import { proveThroughMaster, type RealMasterSpec } from '../../../src/proof/real-master/real-master.ts';
import { type StandInOptions, startMasterStandIn } from '../../fakes/determined/master.ts';
import { type FakeKubeInput, fakeKube, refusal } from '../../fakes/kube.ts';
import { gateway as anyGateway, freePort, httpServer, listening } from '../../support/proof/local-path.ts';
import { readyPod } from '../../support/proof/path.ts';

const seed = { name: 'seed', port: 19999, protocol: 'TCP' };
const kinds = [
  ...['v1/ConfigMap', 'v1/Service', 'v1/Pod', 'v1/Event', 'batch/v1/Job', 'discovery.k8s.io/v1/EndpointSlice'],
  'gateway.networking.k8s.io/v1alpha2/TCPRoute',
];

type Job = KubeObject & { readonly spec: { readonly template: { readonly spec: { readonly hostname: string } } } };

/** A cluster in which a Job has a ready pod at once, and no longer than itself; `nonce` is what that pod must answer. */
const cluster = (input: FakeKubeInput = {}) => {
  let nonce = '';
  const fake = fakeKube({
    objects: [{ ...gatewayRef(anyGateway), spec: { listeners: [seed] } } as KubeObject],
    kinds,
    react: (object, { put }) => {
      if (object.kind !== 'Job') return;
      nonce = (object as Job).spec.template.spec.hostname;
      const pod = {
        ...readyPod('task-1'),
        metadata: { ...readyPod('task-1').metadata, labels: object.metadata.labels },
      };
      put({
        ...pod,
        spec: { containers: [{ env: [{ name: 'DET_MASTER', value: 'http://10.0.0.1:8080' }] }] },
      } as KubeObject);
    },
    ...input,
  });
  const remove: Kube['remove'] = async (ref, options) => {
    if (ref.kind === 'Job') fake.drop(readyPod('task-1'));
    return fake.kube.remove(ref, options);
  };
  return { ...fake, kube: { ...fake.kube, remove }, nonce: () => nonce };
};

type Fake = ReturnType<typeof cluster>;
const leftOf = (fake: Fake) =>
  fake
    .objects()
    .filter(({ kind }) => kind !== 'Gateway')
    .map(({ kind }) => kind);
const gatewayOf = (fake: Fake) => fake.objects().find(({ kind }) => kind === 'Gateway');

/** The task's HTTP side, where the listener's port is: this machine. */
const localTask = (fake: Fake) => listening(createServer((_, response) => response.end(fake.nonce())));

const scene = async (fake: Fake, listenerPort: number, change: Partial<StandInOptions> = {}) => {
  const gateway = { ...anyGateway, portRange: { start: listenerPort, end: listenerPort } };
  const master = await startMasterStandIn({
    ...{ kube: fake.kube, gateway, namespace: 'default', image: 'agnhost', username: 'admin', password: 'secret' },
    ...{ master: { scheme: 'http', host: '127.0.0.1', port: 1 }, listen: { host: '127.0.0.1', port: 0 } },
    ...change,
  });
  const prove = (spec: Partial<RealMasterSpec> = {}) =>
    proveThroughMaster(
      {
        ...{ url: master.url, username: 'admin', password: 'secret', gateway, namespace: 'default' },
        ...{ timeoutMs: 10_000, answerTimeoutMs: 300, endTimeoutMs: 10_000, pauseMs: 10, ...spec },
      },
      fake,
    );
  return { prove, [Symbol.asyncDispose]: () => master[Symbol.asyncDispose]() };
};

const brokenOf = ({ hops }: Awaited<ReturnType<typeof proveThroughMaster>>) => hops.find(({ ok }) => !ok);

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
  expect(proven.cleanup.removed).toHaveLength(1 + 5);
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
    expect(brokenOf(proven)?.finding?.cause).toMatch(/./);
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

  test('a master that does not notice that the task runs', async ({ expect }) => {
    const fake = cluster();
    await using it = await scene(fake, 20000, { misbehaviour: { staysStarting: true } });
    expect(brokenOf(await it.prove({ timeoutMs: 300 }))?.finding?.hint).toContain('pods/log');
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

describe('a kill after which something is left', { concurrent: true }, () => {
  test.for([
    [{ leaves: 'TCPRoute' }, /left behind: TCPRoute det-a1b2c3d4-cmd-/],
    [{ leaves: 'listener' }, /left behind: listener det-\d+, annotation of port \d+/],
    [{ staysRunning: true }, /^End of task .* STATE_RUNNING/],
  ] as const)('%j', async ([misbehaviour, cause], { expect }) => {
    const fake = cluster();
    await using task = await localTask(fake);
    await using it = await scene(fake, task.port, { misbehaviour });
    const proven = await it.prove({ endTimeoutMs: 300 });
    expect(brokenOf(proven)).toBeUndefined();
    expect(proven.ok).toBe(false);
    expect(proven.cleanup.finding?.cause).toMatch(cause);
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
