import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { settingsDigest } from '../../../src/commands/up/check-health.ts';
import { checkOwnership } from '../../../src/commands/up/check-ownership.ts';
import { type UpContext, upStep } from '../../../src/commands/up/context.ts';
import { openReversePath } from '../../../src/commands/up/open-reverse-path.ts';
import { fallBack, provePath, startSample } from '../../../src/commands/up/prove-path.ts';
import { reachGateway } from '../../../src/commands/up/reach-gateway.ts';
import type { Config } from '../../../src/config/config.ts';
import { wantedTunnelOf } from '../../../src/daemon/from-settings.ts';
import type { InstanceRecord } from '../../../src/instance/record.ts';
import type { Kube } from '../../../src/lib/kube/client.ts';
import type { KubeObject } from '../../../src/lib/kube/types.ts';
import type { MasterEndpoint } from '../../../src/model/master-endpoint.ts';
import type { Hop } from '../../../src/model/path.ts';
import type { Proven } from '../../../src/proof/prove.ts';
import type { Step } from '../../../src/task-list/step.ts';
import { fakeTunnelDaemon } from '../../fakes/tunnel-daemon.ts';
import { emptyGateway, sampleCluster } from '../../support/proof/fake-cluster.ts';
import { freePort, gateway, localPod, masterAt, tcpServer } from '../../support/proof/local-path.ts';
import { begunUp, madeSoFar, runInOrder } from '../../support/up-context.ts';

const keeper = { kind: 'keeper', process: { pid: 4711, startTicks: 1, bootId: 'boot' } } as const;
const kubeSystem = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system', uid: 'uid-1' } };

/** Both ports of the sample pod on this machine: the first and the last one of a range. */
const servePod = async (secret: () => string) => {
  const http = await localPod(await freePort());
  const tcp = await tcpServer((socket) => socket.end(secret()), await freePort());
  for (const one of [http, tcp]) onTestFinished(() => one[Symbol.asyncDispose]());
  return { start: http.port, end: tcp.port };
};

type Given = {
  readonly config?: (config: Config) => Partial<Config>;
  readonly record?: Partial<InstanceRecord>;
  /** Whether the pod's ports answer. */
  readonly isServed?: boolean;
};

/** A cluster, a Gateway and a free port for the master: all that a proof needs. */
const setUp = async ({ config, record = { journal: [keeper] }, isServed = true }: Given = {}) => {
  const fake = sampleCluster({ objects: [emptyGateway, kubeSystem] });
  const { up, instance, cluster } = await begunUp({ record });
  await instance.change({ cluster });
  const port = await freePort();
  const portRange = isServed ? await servePod(fake.secret) : { start: 2, end: 4 };
  // a node's address for pods may be there on this machine
  const native = { ...up.config.native, egress: 'all' } as const;
  const settings = { ...up.config, native, master: { ...up.config.master, port } };
  // on a machine that is busy each dial takes its time: what is there is waited for as long as the test may take
  const stageSeconds = isServed ? 60 : 0.2;
  const made = { ...settings, ...config?.(settings), timeouts: { ...settings.timeouts, stageSeconds } };
  const context: UpContext = { ...up, config: made };
  const run = (steps: readonly Step<UpContext>[], more: More = {}) => {
    const { kube = fake.kube, master = masterAt(port), proof } = more;
    const results = madeSoFar({ instance, started: { cluster, kube, isNew: false } });
    results.set(reachGateway, { ...gateway, portRange });
    results.set(openReversePath, { master });
    results.set(checkOwnership, { kube, isForeign: false });
    if (!steps.includes(provePath)) results.set(provePath, proof);
    return runInOrder(context, steps, { results });
  };
  const jobs = () => fake.objects().filter(({ kind }) => kind === 'Job');
  return { up: context, run, fake, jobs, instance };
};

type More = { readonly kube?: Kube; readonly master?: MasterEndpoint; readonly proof?: Proven };

const failing = upStep({ title: 'Fail', run: (): Promise<undefined> => Promise.reject(new Error('no disk')) });

test('the sample task is of the instance, in a namespace that is there', async () => {
  const { up, run, fake, jobs } = await setUp();
  expect((await run([startSample])).ended).toEqual(['done']);
  expect(fake.writes().slice(0, 2)).toEqual(['apply Namespace default', 'patch Namespace default']);
  expect(jobs()).toMatchObject([{ metadata: { namespace: 'default', labels: { 'taskgate.dev/instance': 'dev' } } }]);
  expect(JSON.stringify(jobs())).toContain(`{"name":"DET_MASTER_PORT","value":"${up.config.master.port}"}`);
});

test('when a later step fails before the proof, the sample task goes', async () => {
  const { run, fake, jobs } = await setUp();
  await expect(run([startSample, failing])).rejects.toThrow('no disk');
  expect(fake.writes()).toContainEqual(expect.stringMatching(/^create Job default\/det-taskgate-cmd-/));
  expect(jobs()).toEqual([]);
});

test('after the proof, which has removed it, nothing more is asked', async () => {
  const { run, fake } = await setUp();
  let asked = 0;
  const late = upStep({
    title: 'Fail late',
    run: (): Promise<undefined> => {
      asked = fake.calls.length;
      return Promise.reject(new Error('no disk'));
    },
  });
  await expect(run([startSample, provePath, late])).rejects.toThrow('no disk');
  expect(fake.calls).toHaveLength(asked);
  expect(asked).toBeGreaterThan(0);
});

test('a good proof is remembered: of which run, with what settings', async () => {
  const { up, run, instance, jobs } = await setUp();
  const before = Date.now();
  const { ended, results, notes } = await run([startSample, provePath]);
  expect(ended).toEqual(['done', 'done']);
  const { proven } = instance.record();
  expect(proven).toMatchObject({ run: JSON.stringify(keeper.process), settings: settingsDigest(up.config) });
  expect(Date.parse(proven?.at ?? '')).toBeGreaterThanOrEqual(before);
  expect(results.get(provePath)?.hops.filter(({ ok }) => !ok)).toEqual([]);
  expect(notes).toEqual([]);
  expect(jobs()).toEqual([]);
});

test('a bad proof fails its step, is no error, and is not remembered', async () => {
  const { run, instance, jobs } = await setUp({ isServed: false });
  const { ended, results } = await run([startSample, provePath]);
  expect(ended).toEqual(['done', 'failed: broken at 127.0.0.1:2 ──> Envoy']);
  expect(results.get(provePath)?.ok).toBe(false);
  expect(instance.record().proven).toBeUndefined();
  expect(jobs()).toEqual([]);
});

test('a bad proof ends the word of an earlier one', async () => {
  const { run, instance } = await setUp({ isServed: false });
  await instance.change({ proven: { at: 'noon', run: 'this one', settings: 'those of then' } });
  await run([startSample, provePath]);
  expect(instance.record().proven).toBeUndefined();
});

test('a good proof of a cluster whose run nobody knows is not remembered', async () => {
  const { run, instance } = await setUp({ record: {} });
  const { results } = await run([startSample, provePath]);
  expect(results.get(provePath)?.ok).toBe(true);
  expect(instance.record().proven).toBeUndefined();
});

test('the notes of the proof and other masters are told', async () => {
  const { run, fake } = await setUp({ isServed: false });
  const listeners = [...emptyGateway.spec.listeners, { name: 'mine', port: 2, protocol: 'TCP' }];
  const taken: KubeObject & { readonly spec: object } = { ...emptyGateway, spec: { listeners } };
  fake.put(taken);
  const metadata = { name: 'det-1a2b3c4d-cmd-a', namespace: 'default', labels: { determined: 'a.1' } };
  fake.put({ apiVersion: 'batch/v1', kind: 'Job', metadata });
  const { notes } = await run([startSample, provePath]);
  expect(notes).toEqual([
    'port 2 is in use by listener mine; proven through 3 instead',
    'what must not be reachable was not tried: the path is broken',
    expect.stringMatching(
      /^namespace default has tasks of another master, .*cmd-a \(leave namespace default to that master /,
    ),
  ]);
});

const hop = (direction: Hop['direction'], ok: boolean): Hop => ({
  direction,
  ok,
  from: 'a',
  to: 'b',
  evidence: 'seen',
});
const proofOf = (...hops: readonly Hop[]): Proven => ({
  ...{ ok: hops.every(({ ok }) => ok), hops, notes: [] },
  cleanup: { ok: true, latencyMs: 0, removed: [] },
});
const lost = proofOf(hop('forward', true), hop('reverse', false));

/** Settings that allow a tunnel, of which the internet knows nothing. */
const withTunnel = (config: Config): Pick<Config, 'ssh'> => ({
  ssh: { ...config.ssh, host: 'jump', bindAddress: '10.0.0.1' },
});
const through = (via: MasterEndpoint['via']): More => ({ master: { ...masterAt(8080), via } });

const notPossible = 'not possible: the settings allow no other path';

test.each<[string, More, Given['config'], string?]>([
  ['no proof was made', {}, withTunnel],
  ['the path is proven', { proof: proofOf(hop('forward', true), hop('reverse', true)) }, withTunnel],
  [
    'only the way there is lost',
    { proof: proofOf(hop('forward', false), hop('reverse', true)) },
    withTunnel,
    'no remedy: the reverse path is not what is broken',
  ],
  ['it is a tunnel that is lost', { proof: lost, ...through('ssh') }, withTunnel, notPossible],
  ['it is the user’s own address that is lost', { proof: lost, ...through('url') }, withTunnel, notPossible],
  [
    'the direct way was wanted',
    { proof: lost },
    (config) => ({ ...withTunnel(config), master: { ...config.master, reach: 'direct' } }),
    notPossible,
  ],
  ['no host for a tunnel is set', { proof: lost }, () => ({}), notPossible],
  [
    'the tunnel would be public',
    { proof: lost },
    (config) => ({ ssh: { ...withTunnel(config).ssh, bindAddress: '0.0.0.0' } }),
    notPossible,
  ],
])('no tunnel is opened where %s', async (_, more, config, reason = 'not needed') => {
  const { run, fake } = await setUp({ isServed: false, ...(config && { config }) });
  expect((await run([fallBack], more)).ended).toEqual([`skipped: ${reason}`]);
  expect(fake.calls).toEqual([]);
});

/** Pods that dial `host` come out on this machine. */
const leadingHere = ({ text, ...kube }: Kube, host: string): Kube => ({
  ...kube,
  text: (path, query = {}) => text(path, query.host === host ? { ...query, host: '127.0.0.1' } : query),
});

test('where pods do not come back directly, the tunnel is taken, written down and proven', async () => {
  const { up, run, fake, instance } = await setUp({
    config: (config) => ({ ...withTunnel(config), master: { ...config.master, root: '/nowhere' } }),
  });
  const end = { scheme: 'http', host: '10.0.0.1', port: up.config.master.port } as const;
  const tunnel = wantedTunnelOf({ via: 'ssh', because: '' }, up.config);
  if (!tunnel) throw new Error('ssh needs a tunnel');
  await fakeTunnelDaemon(instance, { tunnel }, end);
  const { ended, results } = await run([fallBack], { kube: leadingHere(fake.kube, end.host), proof: lost });
  expect(ended).toEqual([`done: http://10.0.0.1:${end.port}, auto: a pod does not reach this host directly`]);
  expect(instance.record()).toMatchObject({ master: { ...end, via: 'ssh' }, clusterId: 'uid-1' });
  expect(instance.record().proven?.settings).toBe(settingsDigest(up.config));
  expect(results.get(fallBack).proof?.hops.filter(({ ok }) => !ok)).toEqual([]);
  expect(await readFile(join(instance.dir, 'master.yaml'), 'utf8')).toContain('10.0.0.1');
});
