import { expect, test } from 'vitest';
import { linkName } from '../../../src/cluster/native/link.ts';
import { lossTable } from '../../../src/commands/chaos/faults/link.ts';
import { differences, listenersOf, locksOf, networkOf, objectsOf } from '../../../src/commands/chaos/leftovers.ts';
import { trafficOwner } from '../../../src/commands/chaos/traffic/server.ts';
import { gatewayRef } from '../../../src/model/gateway-api.ts';
import type { InstanceIdentity } from '../../../src/model/labels.ts';
import { makeService } from '../../../src/proof/sample-task/manifests.ts';
import { nameSampleTask, type SampleTask } from '../../../src/proof/sample-task/task.ts';
import { fakeKube } from '../../fakes/kube.ts';
import { fakeRunner } from '../../fakes/runner.ts';

test.each([
  ['nothing', ['process etcd', 'listener seed'], ['listener seed', 'process etcd'], []],
  ['one more', ['listener seed'], ['listener seed', 'listener det-20000'], ['left: listener det-20000']],
  ['one that is there a second time', ['process etcd'], ['process etcd', 'process etcd'], ['left: process etcd']],
  ['one less', ['route 10.1.0.0/16 via 10.1.0.2'], [], ['gone: route 10.1.0.0/16 via 10.1.0.2']],
  ['another state', ['link tg-1 UP'], ['link tg-1 DOWN'], ['left: link tg-1 DOWN', 'gone: link tg-1 UP']],
])('%s', (_, before, after, found) => {
  expect(differences(before, after)).toEqual(found);
});

test('locks of other instances come and go, and are none of what is left', () => {
  expect(locksOf('dev', ['dev', 'dev.chaos', 'dev.1234', 'dev2', 'dev2.chaos', 'a-dev', 'a-dev.chaos', 'de'])).toEqual([
    ...['dev', 'dev.chaos', 'dev.1234'],
  ]);
});

const owner = { instance: 'dev', instanceId: 'abc' };
const gatewayName = { name: 'contour', namespace: 'projectcontour' };
const allocation = (mine: InstanceIdentity) => nameSampleTask(mine, 'default');

const clusterOf = (tasks: readonly SampleTask[], allocations: readonly string[] = []) => {
  const services = tasks.map((task) =>
    makeService(task, { protocol: 'http', podPort: 8080, listenerPort: 20_000, name: `${task.jobName}-0` }),
  );
  const users = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'notebook', namespace: 'default' } };
  const annotations = Object.fromEntries(
    allocations.map((id, index) => [`determined.ai/det-gateway-port-${20_000 + index}`, id]),
  );
  const listeners = allocations.map((_, index) => ({ name: `det-${20_000 + index}`, port: 20_000 + index }));
  const ref = gatewayRef(gatewayName);
  const gateway = {
    ...ref,
    metadata: { ...ref.metadata, annotations },
    spec: { listeners: [{ name: 'seed', port: 1 }, ...listeners] },
  };
  const kinds = ['batch/v1/Job', 'v1/ConfigMap', 'gateway.networking.k8s.io/v1alpha2/TCPRoute'];
  return fakeKube({ objects: [...services, users, gateway], kinds }).kube;
};

const [sample, traffic, other] = [owner, trafficOwner(owner), { ...owner, instanceId: 'fff' }].map(allocation) as [
  ...[SampleTask, SampleTask, SampleTask],
];

test("objects of the instance's tasks and of the traffic are looked at, a user's and another instance's are not", async () => {
  const kube = clusterOf([sample, traffic, other]);
  expect((await objectsOf({ kube, owner }, 'default')).toSorted()).toEqual(
    [sample, traffic].map(({ jobName }) => `Service default/${jobName}-0`).toSorted(),
  );
});

test('so it is with listeners and their annotations; one without an annotation is nobody else', async () => {
  const kube = clusterOf([], [sample.allocationId, '7f.1', traffic.allocationId, other.allocationId]);
  expect(await listenersOf({ kube, owner }, gatewayName)).toEqual([
    ...['listener seed', 'listener det-20000', 'listener det-20002'],
    ...['annotation determined.ai/det-gateway-port-20000', 'annotation determined.ai/det-gateway-port-20002'],
  ]);
});

const link = linkName('/state/dev');
const ofLink = { 'ip -brief link show': `${link} UP\n`, [`ip route show dev ${link}`]: '10.1.0.0/16 via 10.1.0.2\n' };

test("rules, routes and link are found by the system's own programs", async () => {
  const tables = `table inet ${lossTable(link)}\ntable inet taskgate-chaos-tg-other\n`;
  const { runner, options } = fakeRunner({ ...ofLink, 'nft list tables': tables });
  expect(await networkOf('/state/dev', runner)).toEqual([
    ...[`link ${link} UP`, 'route 10.1.0.0/16 via 10.1.0.2', `rules: table inet ${lossTable(link)}`],
  ]);
  expect(options.map((one) => one?.env?.PATH?.split(':').includes('/usr/sbin'))).toEqual([true, true, true]);
});

test('an nft that fails is not one that has no rules', async () => {
  const { runner } = fakeRunner({ ...ofLink, 'nft list tables': { exitCode: 1, stderr: 'Operation not permitted' } });
  await expect(networkOf('/state/dev', runner)).rejects.toThrow('Operation not permitted');
});
