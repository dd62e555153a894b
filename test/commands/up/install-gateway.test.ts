import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { UpContext } from '../../../src/commands/context.ts';
import { awaitGateway, installGateway } from '../../../src/commands/up/install-gateway.ts';
import type { InstanceRecord } from '../../../src/instance/record.ts';
import type { ProviderName } from '../../../src/model/cluster.ts';
import { type FakeKube, fakeKube, refusal } from '../../fakes/kube.ts';
import { contourCluster } from '../../support/gateway/contour-cluster.ts';
import { manifestText, spec } from '../../support/gateway/fixture.ts';
import { begunUp, clusterOf, runInOrder } from '../../support/up-context.ts';

const healthz = '/api/v1/nodes/node:10256/proxy/healthz';

type Given = {
  readonly provider?: ProviderName;
  readonly startsCluster?: boolean;
  readonly journal?: InstanceRecord['journal'];
  readonly fake?: FakeKube;
};

/** An instance with a cluster that has nothing yet, and Contour's manifest at hand. */
const setUp = async ({ provider = 'native', startsCluster = false, journal = [], fake }: Given = {}) => {
  const up = await begunUp({ record: { provider, journal } });
  const { instance: _, ...settings } = spec;
  const path = join(up.instance.dir, 'contour.yaml');
  await writeFile(path, manifestText);
  const api = fake ?? contourCluster({ texts: { [healthz]: 'ok' } });
  const context: UpContext = {
    ...{ ...up, startsCluster, cluster: await clusterOf(up.instance, provider), kube: api.kube },
    config: { ...up.config, gateway: { ...up.config.gateway, ...settings } },
    manifest: { path, sha256: '' },
  };
  return { up: context, fake: api, instance: up.instance };
};

const servicesAsked = ({ calls }: FakeKube): boolean => calls.includes(`text ${healthz}`);
const dnsAsked = ({ calls }: FakeKube): boolean => calls.includes('find Deployment kube-system/coredns');
const addressesOf = (fake: FakeKube) =>
  fake.objects().flatMap((object) => (object.metadata.name === 'envoy-tasks' ? [JSON.stringify(object)] : []));

test('a healthy instance has it', async () => {
  const { up, fake } = await setUp();
  const { ended } = await runInOrder({ ...up, provenAt: 'noon' }, [installGateway, awaitGateway]);
  const skipped = 'skipped: nothing changed since the proof at noon';
  expect(ended).toEqual([skipped, skipped]);
  expect(fake.calls).toEqual([]);
});

test('installs what the manifest and the settings say, and tells what it does', async () => {
  const { up, fake } = await setUp();
  const { ended, lines } = await runInOrder(up, [installGateway]);
  expect(ended).toEqual(['done']);
  expect(lines).toEqual(['applying 3 CustomResourceDefinitions']);
  expect(fake.writes()).toEqual(
    expect.arrayContaining([
      'apply Deployment projectcontour/contour-gateway-provisioner',
      'apply GatewayClass taskgate',
      'apply Gateway projectcontour/tasks',
    ]),
  );
});

test('in a cluster of somebody else’s it speaks through what leaves theirs alone', async () => {
  const guarded = contourCluster();
  const { up, fake, instance } = await setUp({ provider: 'attach', fake: fakeKube() });
  await runInOrder({ ...up, gatewayKube: guarded.kube }, [installGateway, awaitGateway]);
  expect(fake.calls).toEqual([]);
  expect(guarded.writes()).toContain('apply Gateway projectcontour/tasks');
  expect(instance.record().publishedAddress).toBe('10.210.255.2');
});

const theirs = { kind: 'minikube-profile', profile: 'theirs', driver: 'docker', owned: false } as const;

test.each<[string, Given, { readonly services: boolean; readonly dns: boolean }]>([
  ['Minikube that was started', { provider: 'minikube', startsCluster: true }, { services: true, dns: true }],
  ['Minikube that ran before', { provider: 'minikube' }, { services: false, dns: false }],
  ['a native node that was started', { startsCluster: true }, { services: false, dns: false }],
  [
    'a profile of somebody else’s that was started',
    { provider: 'minikube', startsCluster: true, journal: [theirs] },
    { services: true, dns: false },
  ],
])('on %s: kube-proxy and DNS %j', async (_, given, { services, dns }) => {
  const { up, fake } = await setUp(given);
  await runInOrder(up, [installGateway]);
  expect(servicesAsked(fake)).toBe(services);
  expect(dnsAsked(fake)).toBe(dns);
});

test('the provisioner’s pod is made once pods reach Services', async () => {
  let refused = 2;
  const refuse = (call: string) => {
    if (call.startsWith('apply Deployment') && refused > 0) return refusal(500, 'TooSoon', 'kube-proxy is not ready');
    return undefined;
  };
  const fake = contourCluster({ refuse });
  const notYet = refusal(503, 'ServiceUnavailable', 'connection refused');
  const text = async (): Promise<string> => (refused-- > 0 ? Promise.reject(notYet) : 'ok');
  const { up } = await setUp({
    provider: 'minikube',
    startsCluster: true,
    fake: { ...fake, kube: { ...fake.kube, text } },
  });
  await runInOrder(up, [installGateway]);
  expect(refused).toBe(-1);
  expect(fake.writes()).toContain('apply Deployment projectcontour/contour-gateway-provisioner');
});

test('the Gateway gets the node’s address, and the record has it', async () => {
  const { up, fake, instance } = await setUp();
  await runInOrder(up, [installGateway, awaitGateway]);
  expect(addressesOf(fake)).toEqual([expect.stringContaining('"ingress":[{"ip":"10.210.255.2","ipMode":"VIP"}]')]);
  expect(instance.record()).toMatchObject({ publishedAddress: '10.210.255.2' });
  expect(up.gateway).toEqual({
    ...{ name: 'tasks', namespace: 'projectcontour', address: '10.210.255.2', portRange: spec.portRange },
    capacity: { limit: 200, because: 'the range 20000-20199 has 200 ports' },
  });
});

/** A Gateway that had an address before this run. */
const withAddress = async (provider: ProviderName) => {
  const { up, fake, instance } = await setUp({ provider });
  await runInOrder(up, [installGateway, awaitGateway]);
  const cluster = { ...(await clusterOf(instance, provider)), nodeAddress: '10.210.255.9' };
  return { up: { ...up, cluster }, fake, instance };
};

test('where taskgate made the cluster, another node’s address takes its place', async () => {
  const { up, fake, instance } = await withAddress('native');
  await runInOrder(up, [awaitGateway]);
  expect(addressesOf(fake)).toEqual([expect.stringContaining('10.210.255.9')]);
  expect(instance.record().publishedAddress).toBe('10.210.255.9');
});

test('in a cluster of somebody else’s, the Gateway that is there keeps its address', async () => {
  const { up, fake, instance } = await withAddress('attach');
  await runInOrder({ ...up, gatewayKube: fake.kube }, [awaitGateway]);
  expect(addressesOf(fake)).toEqual([expect.stringContaining('10.210.255.2')]);
  expect(instance.record().publishedAddress).toBe('10.210.255.2');
});
