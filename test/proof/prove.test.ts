import { expect, test } from 'vitest';
import type { Kube } from '../../src/lib/kube/client.ts';
import type { ClosedCheck } from '../../src/proof/closed/closed.ts';
import { type ProveSpec, prove } from '../../src/proof/prove.ts';
import { podPorts } from '../../src/proof/sample-task/task.ts';
import { refusal } from '../fakes/kube.ts';
import { emptyGateway, sampleCluster, seed } from '../support/proof/fake-cluster.ts';
import { freePort, gateway, httpServer, localPod, masterAt, tcpServer } from '../support/proof/local-path.ts';
import { readyPod } from '../support/proof/path.ts';

const specFor = async (ports: readonly number[], change: Partial<ProveSpec> = {}): Promise<ProveSpec> => ({
  ...{ instance: 'dev', namespace: 'default', image: 'agnhost', timeoutMs: 3_000, ports },
  gateway: { ...gateway, portRange: { start: 1025, end: 65535 } },
  master: masterAt(await freePort()),
  ...change,
});

const leftOf = (fake: ReturnType<typeof sampleCluster>) =>
  fake.objects().filter(({ kind }) => ['Job', 'Service', 'TCPRoute', 'ConfigMap'].includes(kind));
const listenersOf = async (fake: ReturnType<typeof sampleCluster>) =>
  (await fake.kube.get<typeof emptyGateway>(emptyGateway)).spec.listeners;

test('proves both protocols and the way back, then leaves nothing', async () => {
  const fake = sampleCluster();
  await using http = await localPod();
  await using tcp = await tcpServer((socket) => socket.end(fake.secret()));
  const proven = await prove(fake.kube, await specFor([http.port, tcp.port]));
  expect(proven.hops.filter(({ ok }) => !ok)).toEqual([]);
  expect(proven).toMatchObject({ ok: true, notes: [], cleanup: { ok: true } });
  expect(proven.hops).toHaveLength(2 * 5 + 2);
  expect(proven.cleanup.removed).toHaveLength(2 + 1 + 2 * 2);
  expect(leftOf(fake)).toEqual([]);
  expect(await listenersOf(fake)).toEqual([seed]);
});

const closedCheck = (outcome: 'closed' | 'open'): ClosedCheck => ({
  ...{ from: 'pod', to: 'host' },
  attempt: async ({ podName }) =>
    outcome === 'closed'
      ? { outcome, evidence: `${podName} timed out` }
      : { outcome, evidence: 'answered', finding: { cause: 'no rule', hint: 'add one' } },
});

test('what must not be reachable is tried once the path works, and decides the verdict', async () => {
  const fake = sampleCluster();
  await using http = await localPod();
  await using tcp = await tcpServer((socket) => socket.end(fake.secret()));
  const spec = await specFor([http.port, tcp.port]);
  const proven = await prove(fake.kube, { ...spec, closed: [closedCheck('closed')] });
  expect(proven.hops.at(-1)).toMatchObject({ direction: 'closed', ok: true });
  expect(proven.ok).toBe(true);
  const open = await prove(fake.kube, { ...spec, closed: [closedCheck('open')] });
  expect(open.hops.at(-1)).toMatchObject({ direction: 'closed', ok: false, evidence: 'answered' });
  expect(open.ok).toBe(false);
});

test('on a broken path nothing is called closed', async () => {
  const fake = sampleCluster();
  await using http = await localPod();
  const silent = await freePort();
  const spec = await specFor([http.port, silent], { timeoutMs: 300, closed: [closedCheck('closed')] });
  const proven = await prove(fake.kube, spec);
  expect(proven.hops.filter(({ direction }) => direction === 'closed')).toEqual([]);
  expect(proven.notes).toContain('what must not be reachable was not tried: the path is broken');
});

test("behind a URL of the user's the master may run anywhere: no stand-in takes its place", async () => {
  const fake = sampleCluster();
  await using http = await localPod();
  await using tcp = await tcpServer((socket) => socket.end(fake.secret()));
  await using remote = await httpServer('{"cluster_id":"c1","version":"0.38.0"}');
  const local = { host: '127.0.0.1', port: await freePort() };
  const master = { ...masterAt(remote.port), via: 'url' } as const;
  const proven = await prove(fake.kube, await specFor([http.port, tcp.port], { master, local }));
  expect(proven.hops.filter(({ ok }) => !ok)).toEqual([]);
  expect(proven.hops.at(-1)?.evidence).toBe('master 0.38.0, cluster id c1, the same as seen from this host');
});

test('makes objects in the order of the master', async () => {
  const fake = sampleCluster();
  await using http = await localPod();
  await using tcp = await tcpServer((socket) => socket.end(fake.secret()));
  await prove(fake.kube, await specFor([http.port, tcp.port]));
  const made = fake.writes().filter((call) => !call.startsWith('remove'));
  expect(made.map((call) => call.split(' ').slice(0, 2).join(' '))).toEqual([
    'create Job',
    'update Gateway',
    'create Service',
    'create Service',
    'create TCPRoute',
    'create TCPRoute',
    'update Gateway',
  ]);
});

test('a pod that answers with an old nonce proves nothing', async () => {
  const fake = sampleCluster();
  await using http = await httpServer('always the same');
  await using tcp = await tcpServer((socket) => socket.end('another pod'));
  const { ok, hops } = await prove(fake.kube, await specFor([http.port, tcp.port], { timeoutMs: 100 }));
  expect(ok).toBe(false);
  expect(hops.find(({ finding }) => finding)?.evidence).toBe('wrong: answered "always the same", not the nonce');
});

test('a refusal of the API server is a broken hop, and what was made before it is removed', async () => {
  const message = 'Gateway "contour" is invalid: spec.listeners: Too many: 65: must have at most 64 items';
  const fake = sampleCluster({
    refuse: (call) => (call.startsWith('update Gateway') ? refusal(422, 'Invalid', message) : undefined),
  });
  const proven = await prove(fake.kube, await specFor([2000, 2001]));
  expect(proven.ok).toBe(false);
  expect(proven.hops).toEqual([
    expect.objectContaining({
      ok: false,
      evidence: message,
      finding: expect.objectContaining({ cause: expect.stringContaining('at most 64 listeners') }),
    }),
  ]);
  expect(proven.cleanup.removed).toEqual([expect.stringMatching(/^Job det-taskgate-cmd-/)]);
  expect(leftOf(fake)).toEqual([]);
});

test('what cannot be removed makes the proof not ok, and is said', async () => {
  const fake = sampleCluster({
    refuse: (call) =>
      call.startsWith('remove Service') ? refusal(403, 'Forbidden', 'services is forbidden') : undefined,
  });
  await using http = await localPod();
  await using tcp = await tcpServer((socket) => socket.end(fake.secret()));
  const { ok, hops, cleanup } = await prove(fake.kube, await specFor([http.port, tcp.port]));
  expect(hops.filter((hop) => !hop.ok)).toEqual([]);
  expect(ok).toBe(false);
  expect(cleanup).toMatchObject({ ok: false, finding: { cause: 'services is forbidden' } });
});

test('an abort removes everything and throws its reason', async () => {
  const stop = new AbortController();
  const fake = sampleCluster();
  const spec = await specFor([await freePort(), await freePort()], { signal: stop.signal, timeoutMs: 10_000 });
  setTimeout(() => stop.abort(new Error('interrupted')), 100);
  await expect(prove(fake.kube, spec)).rejects.toThrow('interrupted');
  expect(fake.writes().filter((call) => call.startsWith('create TCPRoute'))).toHaveLength(podPorts.length);
  expect(leftOf(fake)).toEqual([]);
  expect(await listenersOf(fake)).toEqual([seed]);
});

test('what an interrupted proof cannot remove is told', async () => {
  const stop = new AbortController();
  const fake = sampleCluster({
    refuse: (call) =>
      call.startsWith('remove Service') ? refusal(403, 'Forbidden', 'services is forbidden') : undefined,
  });
  const told: string[] = [];
  const watched = { signal: stop.signal, timeoutMs: 10_000, warn: (text: string) => told.push(text) };
  const proving = prove(fake.kube, await specFor([await freePort(), await freePort()], watched));
  await expect.poll(() => fake.writes().filter((call) => call.startsWith('create TCPRoute'))).toHaveLength(2);
  stop.abort(new Error('interrupted'));
  await expect(proving).rejects.toThrow('interrupted');
  expect(told).toEqual([
    'not all of the sample task was removed: services is forbidden; the next proof of dev removes the rest',
  ]);
});

test('a bug is thrown, after cleaning up', async () => {
  const fake = sampleCluster({
    refuse: (call) => (call.startsWith('create TCPRoute') ? new TypeError('bug') : undefined),
  });
  await expect(prove(fake.kube, await specFor([2000, 2001]))).rejects.toThrow('bug');
  expect(leftOf(fake)).toEqual([]);
  expect(await listenersOf(fake)).toEqual([seed]);
});

test('gives up at once when the pod is hopeless', async () => {
  const failed = { ...readyPod('sample-1'), status: { phase: 'Failed' } };
  const fake = sampleCluster({
    react: ({ kind, metadata: { labels = {} } }, { put }) => {
      if (kind === 'Job') put({ ...failed, metadata: { ...failed.metadata, labels } });
    },
  });
  const startMs = performance.now();
  const { ok, hops } = await prove(
    fake.kube,
    await specFor([await freePort(), await freePort()], { timeoutMs: 10_000 }),
  );
  expect(ok).toBe(false);
  expect(hops.at(-2)).toMatchObject({ evidence: 'unasked: pod sample-1 is not ready: phase Failed' });
  expect(performance.now() - startMs).toBeLessThan(3_000);
});

test('does not start a stand-in beside a master that listens on loopback only', async () => {
  const fake = sampleCluster();
  await using http = await localPod();
  await using tcp = await tcpServer((socket) => socket.end(fake.secret()));
  await using master = await httpServer('{"version":"0.38.1","cluster_id":"c1"}');
  const spec = await specFor([http.port, tcp.port], { master: masterAt(master.port, '127.0.0.2') });
  const { hops } = await prove(fake.kube, spec);
  expect(hops.find(({ ok }) => !ok)?.finding?.cause).toContain('the master listens on loopback only');
});

test('behind https the CAs are made and removed, also when the Job is refused', async () => {
  const master = { ...masterAt(443, 'a.ngrok.invalid'), scheme: 'https' } as const;
  const local = { host: '127.0.0.1', port: await freePort() };
  const fake = sampleCluster({
    refuse: (call) => (call.startsWith('create Job') ? refusal(403, 'Forbidden', 'jobs is forbidden') : undefined),
  });
  const { hops } = await prove(fake.kube, await specFor([2000, 2001], { master, local }));
  expect(hops[0]?.finding?.cause).toBe('jobs is forbidden');
  expect(fake.writes().filter((call) => call.includes('ConfigMap'))).toHaveLength(2);
  expect(leftOf(fake)).toEqual([]);
});

test('a late Service of a refused exposure is removed, too', async () => {
  let services = 0;
  const fake = sampleCluster();
  const create: Kube['create'] = async (object) => {
    if (object.kind !== 'Service') return fake.kube.create(object);
    if (services++ === 0) throw refusal(403, 'Forbidden', 'services is forbidden');
    await new Promise((resolve) => setTimeout(resolve, 50));
    return fake.kube.create(object);
  };
  const { ok } = await prove({ ...fake.kube, create }, await specFor([2000, 2001]));
  expect(ok).toBe(false);
  expect(leftOf(fake)).toEqual([]);
});
