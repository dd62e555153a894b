import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import type { Health } from '../../../src/commands/up/check-health.ts';
import { awaitGateway } from '../../../src/commands/up/install-gateway.ts';
import { openReversePath, type ReversePath } from '../../../src/commands/up/open-reverse-path.ts';
import { reachGateway } from '../../../src/commands/up/reach-gateway.ts';
import type { Config } from '../../../src/config/config.ts';
import { wantedTunnelOf } from '../../../src/daemon/from-settings.ts';
import type { KubeObject } from '../../../src/lib/kube/types.ts';
import type { Cluster } from '../../../src/model/cluster.ts';
import { gatewayRef } from '../../../src/model/gateway-api.ts';
import type { GatewayEndpoint } from '../../../src/model/gateway-endpoint.ts';
import { fakeKube } from '../../fakes/kube.ts';
import { fakeTunnelDaemon } from '../../fakes/tunnel-daemon.ts';
import { freePort, listening, gateway as local } from '../../support/proof/local-path.ts';
import { begunUp, healthy, madeSoFar, runInOrder } from '../../support/up-context.ts';

/** A broadcast address, to which the kernel lets nobody connect. */
const nowhere = '255.255.255.255';

type Given = Partial<Config['gateway']> & Pick<GatewayEndpoint, 'address'> & Pick<Cluster, 'published'>;

/** An instance whose Gateway has this address, and what an earlier `up` would have had kept to forward it. */
const setUp = async ({ address, published, ...settings }: Given, now: readonly KubeObject[] = []) => {
  const { up, instance, cluster: plain } = await begunUp();
  const cluster: Cluster = { ...plain, ...(published && { published }) };
  const { kubeconfigPath, kubeContext } = cluster;
  const { allowFrom } = settings;
  const gateway: GatewayEndpoint = { ...local, address, ...(allowFrom && { allowFrom }) };
  const config = { ...up.config, gateway: { ...up.config.gateway, forwardAddress: '127.0.0.9', ...settings } };
  const { name, namespace, portRange } = gateway;
  const of = { kubeconfigPath, kubeContext, gateway: { name, namespace }, portRange };
  const reach = async (more: { tunnel?: ReversePath['tunnel']; health?: Health } = {}) => {
    const { kube } = fakeKube({ objects: now, kinds: ['v1/Service', 'gateway.networking.k8s.io/v1/Gateway'] });
    const results = madeSoFar({ instance, started: { cluster, kube, isNew: false }, health: more.health });
    results.set(awaitGateway, { ...gateway, publishedAddress: address });
    results.set(openReversePath, { master: healthy(cluster).master, ...(more.tunnel && { tunnel: more.tunnel }) });
    const { ended } = await runInOrder({ ...up, config }, [reachGateway], { results });
    return { ended, endpoint: results.get(reachGateway) };
  };
  const forward = { ...of, address: config.gateway.forwardAddress };
  return { up: { ...up, config }, instance, cluster, gateway, forward, reach };
};

test('a healthy instance is reached as before', async () => {
  const { reach, instance, cluster } = await setUp({ address: nowhere });
  expect((await reach({ health: healthy(cluster) })).ended).toEqual([
    'skipped: nothing changed since the proof at noon',
  ]);
  expect(instance.record().gateway).toBeUndefined();
});

test('by the node, where the settings say so: nobody is asked', async () => {
  const { reach, instance, gateway } = await setUp({ address: nowhere, reach: 'node' });
  const { ended, endpoint } = await reach();
  expect(ended).toEqual([`done: at ${nowhere}: gateway.reach is node`]);
  expect(instance.record()).toMatchObject({ gateway, journal: [] });
  expect(endpoint).toEqual(gateway);
});

test('by forwards, where the settings say so: the endpoint has their address', async () => {
  const { reach, instance, gateway, forward } = await setUp({ address: '10.0.0.2', reach: 'forward' });
  await fakeTunnelDaemon(instance, { forward });
  const { ended, endpoint } = await reach();
  expect(ended).toEqual(['done: by forwards on 127.0.0.9: gateway.reach is forward']);
  const forwarded = { ...gateway, address: '127.0.0.9', via: 'forward' };
  expect(instance.record().gateway).toEqual(forwarded);
  expect(endpoint).toEqual(forwarded);
});

test('by forwards, where this host is not among the allowed addresses', async () => {
  const { reach, instance, forward } = await setUp({ address: '10.0.0.2', allowFrom: ['203.0.113.0/24'] });
  await fakeTunnelDaemon(instance, { forward });
  const { ended } = await reach();
  expect(ended).toEqual(['done: by forwards on 127.0.0.9: gateway.allowFrom does not let in this host, 10.210.255.1']);
});

test('the node cannot be dialed by a host that is not allowed', async () => {
  const { reach } = await setUp({ address: '10.0.0.2', reach: 'node', allowFrom: ['203.0.113.0/24'] });
  await expect(reach()).rejects.toMatchObject({
    id: 'gateway.host-not-allowed',
    hint: 'add 10.210.255.1 to it, or use --gateway-reach forward',
  });
});

test('forwards are kept beside the tunnel to the master', async () => {
  const { up, reach, instance, forward } = await setUp({ address: '10.0.0.2', reach: 'forward' });
  const settings = { ...up.config, ssh: { ...up.config.ssh, host: 'jump' } };
  const tunnel = wantedTunnelOf({ via: 'ssh', because: '' }, settings);
  if (!tunnel) throw new Error('ssh needs a tunnel');
  await fakeTunnelDaemon(instance, { forward, tunnel });
  const { journal } = instance.record();
  await reach({ tunnel });
  expect(instance.record().journal).toEqual(journal);
});

test('auto takes the node that takes connections', async () => {
  await using node = await listening(createServer());
  const { reach, instance, gateway } = await setUp({ address: '127.0.0.1', seedPort: node.port });
  const [ended] = (await reach()).ended;
  expect(ended).toBe(`done: at 127.0.0.1: the node 127.0.0.1 accepts connections on port ${node.port}`);
  expect(instance.record().gateway).toEqual(gateway);
});

test('auto takes forwards where the node is not reached, and says of which port what', async () => {
  const seedPort = await freePort();
  const { reach, instance, forward } = await setUp({ address: nowhere, seedPort });
  await fakeTunnelDaemon(instance, { forward });
  const [ended] = (await reach()).ended;
  const ports = [seedPort, 6443, 8443, 10250, 22].map((port) => `${port} unreachable`).join(', ');
  expect(ended).toBe(`done: by forwards on 127.0.0.9: this host does not reach the node ${nowhere} (port ${ports})`);
  expect(instance.record().gateway?.address).toBe('127.0.0.9');
});

test('forwards of an earlier run end where the node is reached now', async () => {
  const { reach, instance, gateway, forward } = await setUp({ address: nowhere, reach: 'node' });
  const daemon = await fakeTunnelDaemon(instance, { forward });
  await reach();
  await daemon.ended;
  expect(instance.record()).toMatchObject({ gateway, journal: [] });
});

test('a tunnel daemon without forwards is left alone where none are needed', async () => {
  const { reach, instance } = await setUp({ address: nowhere, reach: 'node' });
  await fakeTunnelDaemon(instance, {});
  const { journal } = instance.record();
  await reach();
  expect(instance.record().journal).toEqual(journal);
});

/** More than the Gateway's range, on another address than the settings name today. */
const published = { address: '127.0.0.5', portRange: { start: 1, end: 65_535 }, from: '192.168.49.1' };

test('auto takes published ports where the node is not reached; the record says so', async () => {
  const { reach, instance, gateway } = await setUp({ address: nowhere, published });
  const { ended, endpoint } = await reach();
  expect(ended[0]).toMatch(/^done: by published ports on 127\.0\.0\.5: this host does not reach the node/);
  expect(endpoint).toEqual({ ...gateway, address: '127.0.0.5', via: 'published' });
  expect(instance.record()).toMatchObject({ gateway: endpoint, journal: [] });
});

test('auto takes the node that is reached although its ports are published', async () => {
  await using node = await listening(createServer());
  const { reach } = await setUp({ address: '127.0.0.1', seedPort: node.port, published });
  expect((await reach()).ended).toEqual([expect.stringMatching(/^done: at 127\.0\.0\.1: /)]);
});

test('published ports that do not cover the range are no way in', async () => {
  const few = { ...published, portRange: { start: 1, end: 2 } };
  const { reach, forward, instance } = await setUp({ address: nowhere, published: few });
  await fakeTunnelDaemon(instance, { forward });
  expect((await reach()).ended).toEqual([expect.stringMatching(/^done: by forwards on /)]);
  const wanted = await setUp({ address: nowhere, published: few, reach: 'published' });
  await expect(wanted.reach()).rejects.toMatchObject({
    id: 'gateway.not-published',
    message: expect.stringMatching(/^gateway\.reach is published, but the node's ports \d+-\d+ are not$/),
  });
});

test('Docker must be let in, for connections to published ports come from it', async () => {
  const reach = 'published';
  const shut = await setUp({ address: nowhere, published, reach, allowFrom: ['10.210.255.1/32'] });
  await expect(shut.reach()).rejects.toMatchObject({
    id: 'gateway.host-not-allowed',
    message: 'gateway.allowFrom (10.210.255.1/32) does not let in this host, 192.168.49.1',
  });
  const open = await setUp({ address: nowhere, published, reach, allowFrom: ['192.168.49.0/24'] });
  expect((await open.reach()).ended).toEqual(['done: by published ports on 127.0.0.5: gateway.reach is published']);
});

test('an address that a load balancer controller has set since the Gateway was ready is the one', async () => {
  const metadata = (name: string) => ({ name, namespace: local.namespace });
  const ingress = { status: { loadBalancer: { ingress: [{ ip: '127.0.0.77' }] } } };
  const addresses = { status: { addresses: [{ value: '127.0.0.77' }] } };
  const { reach, instance } = await setUp({ address: '10.0.0.2', reach: 'node' }, [
    { apiVersion: 'v1', kind: 'Service', metadata: metadata(`envoy-${local.name}`), ...ingress } as KubeObject,
    { ...gatewayRef(local), ...addresses } as KubeObject,
  ]);
  expect((await reach()).ended).toEqual(['done: at 127.0.0.77: gateway.reach is node']);
  expect(instance.record()).toMatchObject({ publishedAddress: '127.0.0.77', gateway: { address: '127.0.0.77' } });
});
