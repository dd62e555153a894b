import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkOwnership } from '../../../src/commands/up/check-ownership.ts';
import type { UpContext } from '../../../src/commands/up/context.ts';
import { awaitGateway, installGateway, installGatewayAPI } from '../../../src/commands/up/install-gateway.ts';
import { waitForServices } from '../../../src/commands/up/wait-for-services.ts';
import type { InstanceRecord } from '../../../src/instance/record.ts';
import type { Cluster, ProviderName } from '../../../src/model/cluster.ts';
import type { Step } from '../../../src/task-list/step.ts';
import { type FakeKube, fakeKube, refusal } from '../../fakes/kube.ts';
import { contourCluster } from '../../support/gateway/contour-cluster.ts';
import { manifestText, spec } from '../../support/gateway/fixture.ts';
import { begunUp, type Earlier, healthy, madeSoFar, runInOrder } from '../../support/up-context.ts';

const healthz = '/api/v1/nodes/node:10256/proxy/healthz';

type Given = {
  readonly provider?: ProviderName;
  /** Whether this run has started the cluster. */
  readonly isNew?: boolean;
  readonly journal?: InstanceRecord['journal'];
  readonly fake?: FakeKube;
  /** Speaks for what leaves alone what taskgate did not create. */
  readonly guarded?: FakeKube;
};

const installSteps = [installGatewayAPI, waitForServices, installGateway];

/** An instance with a cluster that has nothing yet, and Contour's manifest at hand. */
const setUp = async ({ provider = 'native', isNew = false, journal = [], fake, guarded }: Given = {}) => {
  const { up, instance, cluster } = await begunUp({ record: { provider, journal } });
  const { instance: _, ...settings } = spec;
  const path = join(instance.dir, 'contour.yaml');
  await writeFile(path, manifestText);
  const api = fake ?? contourCluster({ texts: { [healthz]: 'ok' } });
  const context = { ...up, config: { ...up.config, gateway: { ...up.config.gateway, ...settings } } };
  const run = (
    steps: readonly Step<UpContext>[],
    more: Pick<Partial<Earlier>, 'health'> & Partial<Pick<Cluster, 'nodeAddress' | 'published'>> = {},
  ) => {
    const { health, ...changed } = more;
    const started = { cluster: { ...cluster, ...changed }, kube: api.kube, isNew };
    const results = madeSoFar({ instance, started, health, programs: { manifest: { path, sha256: '' } } });
    results.set(checkOwnership, { kube: guarded?.kube ?? api.kube, isForeign: guarded !== undefined });
    return runInOrder(context, steps, { results });
  };
  return { run, fake: api, instance, cluster };
};

const servicesAsked = ({ calls }: FakeKube): boolean => calls.includes(`text ${healthz}`);
const dnsAsked = ({ calls }: FakeKube): boolean => calls.includes('find Deployment kube-system/coredns');
const addressesOf = (fake: FakeKube) =>
  fake.objects().flatMap((object) => (object.metadata.name === 'envoy-tasks' ? [JSON.stringify(object)] : []));

test('a healthy instance has it', async () => {
  const { run, fake, cluster } = await setUp();
  const { ended } = await run([installGatewayAPI, installGateway, awaitGateway], { health: healthy(cluster) });
  const skipped = 'skipped: nothing changed since the proof at noon';
  expect(ended).toEqual([skipped, skipped, skipped]);
  expect(fake.calls).toEqual([]);
});

test('installs what the manifest and the settings say, and reports what it does', async () => {
  const { run, fake } = await setUp();
  const { ended, lines } = await run([installGatewayAPI, installGateway]);
  expect(ended).toEqual(['done', 'done']);
  expect(lines).toEqual(['applying 3 CustomResourceDefinitions']);
  expect(fake.writes()).toEqual(
    expect.arrayContaining([
      'apply Deployment projectcontour/contour-gateway-provisioner',
      'apply GatewayClass taskgate',
      'apply Gateway projectcontour/tasks',
    ]),
  );
});

test('in a foreign cluster it speaks through what leaves foreign objects alone', async () => {
  const guarded = contourCluster();
  const { run, fake, instance } = await setUp({ provider: 'attach', fake: fakeKube(), guarded });
  await run([installGatewayAPI, installGateway, awaitGateway]);
  expect(fake.calls).toEqual([]);
  expect(guarded.writes()).toContain('apply Gateway projectcontour/tasks');
  expect(instance.record().publishedAddress).toBe('10.210.255.2');
});

const theirs = { kind: 'minikube-profile', profile: 'theirs', driver: 'docker', owned: false } as const;

test.each<[string, Given, { readonly services: boolean; readonly dns: boolean }]>([
  ['Minikube that was started', { provider: 'minikube', isNew: true }, { services: true, dns: true }],
  ['Minikube that ran before', { provider: 'minikube' }, { services: false, dns: false }],
  ['a native node that was started', { isNew: true }, { services: false, dns: false }],
  [
    'a profile of somebody else’s that was started',
    { provider: 'minikube', isNew: true, journal: [theirs] },
    { services: true, dns: false },
  ],
])('on %s: kube-proxy and DNS %j', async (_, given, { services, dns }) => {
  const { run, fake } = await setUp(given);
  await run(installSteps);
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
  const { run } = await setUp({
    provider: 'minikube',
    isNew: true,
    fake: { ...fake, kube: { ...fake.kube, text } },
  });
  await run(installSteps);
  expect(refused).toBe(-1);
  expect(fake.writes()).toContain('apply Deployment projectcontour/contour-gateway-provisioner');
});

test('the Gateway gets the node’s address, and the record has it', async () => {
  const { run, fake, instance } = await setUp();
  const { results } = await run([installGatewayAPI, installGateway, awaitGateway]);
  expect(addressesOf(fake)).toEqual([expect.stringContaining('"ingress":[{"ip":"10.210.255.2","ipMode":"VIP"}]')]);
  expect(instance.record()).toMatchObject({ publishedAddress: '10.210.255.2' });
  expect(results.get(awaitGateway)).toEqual({
    ...{ name: 'tasks', namespace: 'projectcontour', publishedAddress: '10.210.255.2', portRange: spec.portRange },
    allowFrom: ['10.210.255.1/32'],
    capacity: { limit: 200, because: 'the range 20000-20199 has 200 ports' },
  });
});

test('Docker is let in, too, from where it dials published ports', async () => {
  const { run } = await setUp();
  await run([installGatewayAPI, installGateway]);
  const published = { address: '127.0.0.1', portRange: spec.portRange, from: '192.168.49.1' };
  const { results } = await run([awaitGateway], { published });
  expect(results.get(awaitGateway)?.allowFrom).toEqual(['10.210.255.1/32', '192.168.49.1/32']);
});

test('where taskgate made the cluster, another node’s address takes its place', async () => {
  const { run, fake, instance } = await setUp();
  await run([installGatewayAPI, installGateway, awaitGateway]);
  await run([awaitGateway], { nodeAddress: '10.210.255.9' });
  expect(addressesOf(fake)).toEqual([expect.stringContaining('10.210.255.9')]);
  expect(instance.record().publishedAddress).toBe('10.210.255.9');
});

test('in a foreign cluster, the Gateway that is there keeps its address', async () => {
  const guarded = contourCluster();
  const { run, instance } = await setUp({ provider: 'attach', fake: fakeKube(), guarded });
  await run([installGatewayAPI, installGateway, awaitGateway]);
  await run([awaitGateway], { nodeAddress: '10.210.255.9' });
  expect(addressesOf(guarded)).toEqual([expect.stringContaining('10.210.255.2')]);
  expect(instance.record().publishedAddress).toBe('10.210.255.2');
});
