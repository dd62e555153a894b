import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sampleImage } from '../../src/commands/context.ts';
import type { Kube } from '../../src/lib/kube/client.ts';
import type { GatewayEndpoint } from '../../src/model/gateway-endpoint.ts';
import { proveThroughMaster, type RealMasterSpec } from '../../src/proof/real-master/real-master.ts';
import { startMasterStandIn } from '../fakes/determined/master.ts';
import type { Misbehaviour } from '../fakes/determined/misbehaviour.ts';
import { ending, makeTaskgate, type Taskgate } from '../support/e2e/taskgate.ts';

const name = 'real-master';
const namespace = 'default';
let taskgate: Taskgate;
let kube: Kube;
let gateway: GatewayEndpoint;
let hostAddress: string;

beforeAll(async () => {
  taskgate = await makeTaskgate();
  expect(ending(await taskgate.run('up', '--name', name))).toBe('exit 0');
  const record = await taskgate.record(name);
  if (!record.gateway || !record.cluster) throw new Error('up recorded no Gateway');
  gateway = record.gateway;
  hostAddress = record.cluster.hostAddress;
  kube = await taskgate.kube(name);
});
afterAll(() => taskgate.close(name));

const seedListeners = async (): Promise<readonly string[]> => {
  const metadata = { name: gateway.name, namespace: gateway.namespace };
  const live = await kube.get({ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway', metadata });
  const { spec } = live as unknown as { readonly spec: { readonly listeners: readonly { readonly name: string }[] } };
  return spec.listeners.map((listener) => listener.name);
};

/** The stand-in master on this host, whose tasks dial it at `masterPort`. */
const standIn = (
  misbehaviour: Misbehaviour = {},
  change: { masterPort?: number; range?: GatewayEndpoint['portRange'] } = {},
) =>
  startMasterStandIn({
    ...{ kube, namespace, misbehaviour, image: sampleImage, username: 'admin', password: 'secret' },
    gateway: { ...gateway, portRange: change.range ?? gateway.portRange },
    master: { scheme: 'http', host: hostAddress, port: change.masterPort ?? taskgate.masterPort },
    listen: { host: '0.0.0.0', port: taskgate.masterPort },
  });

const prove = (spec: Partial<RealMasterSpec> = {}) =>
  proveThroughMaster(
    {
      ...{ url: `http://127.0.0.1:${taskgate.masterPort}`, username: 'admin', password: 'secret', gateway, namespace },
      ...{ timeoutMs: 60_000, answerTimeoutMs: 10_000, endTimeoutMs: 20_000, ...spec },
    },
    { kube },
  );

const causesOf = ({ hops }: Awaited<ReturnType<typeof prove>>) => hops.flatMap(({ finding }) => finding?.cause ?? []);

describe('a command through a stand-in master whose work on the Gateway is real', () => {
  test('answers through /proxy/, and leaves nothing', async () => {
    await using _ = await standIn();
    const proven = await prove({ answerTimeoutMs: 30_000 });
    expect(proven.hops.filter(({ ok }) => !ok)).toEqual([]);
    expect(proven).toMatchObject({ ok: true, cleanup: { ok: true } });
    expect(proven.hops.at(-1)?.to).toBe(`DET_MASTER http://${hostAddress}:${taskgate.masterPort}`);
    expect(proven.cleanup.removed.map((one) => one.split(' ')[0])).toEqual(
      expect.arrayContaining(['listener', 'Job', 'Pod', 'ConfigMap', 'Service', 'TCPRoute', 'PriorityClass']),
    );
    expect((await seedListeners()).filter((listener) => listener.startsWith('det-'))).toEqual([]);
  });

  test('a task that cannot dial its master ends with 80: the wrong key of master.yaml is named', async () => {
    await using _ = await standIn({}, { masterPort: 1 });
    const port = taskgate.masterPort;
    const proven = await prove({ proven: { scheme: 'http', host: hostAddress, port, via: 'direct' } });
    expect(causesOf(proven)).toEqual([
      `the task could not reach the master at its DET_MASTER http://${hostAddress}:1 (no connection); pods of this cluster reach it at http://${hostAddress}:${port}`,
    ]);
    const hint = expect.stringContaining(`set determined_master_port: ${port} in master.yaml`);
    expect(proven.hops.at(-1)).toMatchObject({ direction: 'reverse', ok: false, finding: { hint } });
    expect(proven.cleanup.ok).toBe(true);
  });

  test('a log that tells so while the task still counts as running ends the wait', async () => {
    const told = 'Unable to reach the master at DET_MASTER=$DET_MASTER. The connection was refused';
    await using _ = await standIn({ logsWhileRunning: [told], forgetsProxy: true });
    const startMs = performance.now();
    const proven = await prove({ answerTimeoutMs: 60_000 });
    expect(proven.hops.find(({ ok }) => !ok)).toMatchObject({
      direction: 'reverse',
      evidence: told.replace('$DET_MASTER', `http://${hostAddress}:${taskgate.masterPort}`),
    });
    expect(performance.now() - startMs).toBeLessThan(60_000);
  });

  test('an image that lacks what every task starts with: the words of the container runtime', async () => {
    await using _ = await standIn({ program: ['/usr/bin/env', 'bash', '/run/determined/ship-logs.sh'] });
    const proven = await prove();
    expect(causesOf(proven)).toEqual([
      expect.stringMatching(/^the image of the task could not be started: .*\/usr\/bin\/env.*no such file/),
    ]);
    expect(proven.cleanup.ok).toBe(true);
  });

  test('a pod that the master never notices, with all of it on a real node', async () => {
    await using _ = await standIn({ staysStarting: true });
    const proven = await prove({ noticeMs: 2_000 });
    expect(causesOf(proven)).toEqual(['the pod of the task runs, but the master does not notice']);
    expect(proven.cleanup.ok).toBe(true);
  });

  test('a gateway_ip that is not the address of the Gateway', async () => {
    await using _ = await standIn({ gatewayIp: '127.0.0.9' });
    const proven = await prove();
    expect(causesOf(proven)).toEqual([expect.stringContaining(`though ${gateway.address} answers this host`)]);
    expect(proven.cleanup.ok).toBe(true);
  });

  test('a range that is used up', async () => {
    const { start } = gateway.portRange;
    await using _ = await standIn({}, { range: { start, end: start - 1 } });
    expect(causesOf(await prove())).toEqual([expect.stringContaining('are in use')]);
  });

  test('a route that stays behind is named; it is removed here', async () => {
    await using master = await standIn({ leaves: 'TCPRoute' });
    const proven = await prove();
    expect(proven.cleanup.finding?.cause).toContain('left behind: TCPRoute');
    for (const { task } of master.tasks.values()) {
      const metadata = { name: `${task.jobName}-0`, namespace };
      await kube.remove({ apiVersion: 'gateway.networking.k8s.io/v1alpha2', kind: 'TCPRoute', metadata });
    }
  });
});
