import { expect, test } from 'vitest';
import { type InspectOptions, inspectPath } from '../../../src/proof/diagnosis/view.ts';
import type { ExposedTask } from '../../../src/proof/sample-task/task.ts';
import { fakeKube, refusal } from '../../fakes/kube.ts';
import { freePort, gateway, httpServer, tcpServer } from '../../support/proof/local-path.ts';
import { exposed, liveGateway, name, object, readyPod, routeWith, slicesWith, task } from '../../support/proof/path.ts';

const kinds = [
  ...['v1/Service', 'v1/Pod', 'v1/Event', 'discovery.k8s.io/v1/EndpointSlice'],
  ...['gateway.networking.k8s.io/v1/Gateway', 'gateway.networking.k8s.io/v1alpha2/TCPRoute'],
];
const [slice] = slicesWith(true);
const envoy = (podIP?: string, podName = 'envoy-1') => ({
  ...{ apiVersion: 'v1', kind: 'Pod' },
  metadata: { name: podName, namespace: 'projectcontour', labels: { app: 'envoy-contour' } },
  ...(podIP && { status: { podIP } }),
});
const event = (about: string | undefined, at = 'default') => ({
  ...{ apiVersion: 'v1', kind: 'Event', metadata: { name: `e-${about}`, namespace: at } },
  ...(about && { involvedObject: { kind: 'Pod', name: about } }),
});
const ofService = (value: string) => ({
  ...slice,
  metadata: { name: value, namespace: 'default', labels: { 'kubernetes.io/service-name': value } },
});
const whole = [
  liveGateway,
  { apiVersion: 'v1', kind: 'Service', metadata: { name: 'envoy-contour', namespace: 'projectcontour' } },
  object('v1', 'Service', {}),
  routeWith(),
  ...[ofService(name), ofService('another')],
  ...[readyPod('sample-1'), { ...readyPod('theirs'), metadata: { name: 'theirs', namespace: 'default' } }],
  ...[event(`${task.jobName}-abcde`), event('another'), event(undefined), event(`x${task.jobName}`)],
  event(`${task.jobName}-elsewhere`, 'other'),
];
const cluster = (objects: readonly object[], input: object = {}) =>
  fakeKube({ objects: objects as never, kinds, ...input });
const look = (
  kube: ReturnType<typeof cluster>['kube'],
  more: Partial<InspectOptions> = {},
  seen: ExposedTask = exposed,
) => inspectPath(kube, seen, { gateway, diagnose: false, ...more });
const nameOf = ({ metadata }: { readonly metadata: { readonly name: string } }) => metadata.name;

test('each object of the path is read, and nothing of others', async () => {
  const { kube, writes } = cluster([...whole, envoy('127.0.0.1')]);
  const view = await look(kube);
  expect(view).toMatchObject({
    gateway: { kind: 'Gateway', metadata: { name: 'contour' } },
    envoyService: { kind: 'Service', metadata: { name: 'envoy-contour' } },
    events: [],
  });
  expect(view.envoyPods.map(nameOf)).toEqual(['envoy-1']);
  expect(view.pods.map(nameOf)).toEqual(['sample-1']);
  expect([...view.ports.keys()]).toEqual([20000]);
  const port = view.ports.get(20000);
  expect(port).toMatchObject({
    route: { kind: 'TCPRoute', metadata: { name } },
    service: { kind: 'Service', metadata: { name } },
  });
  expect(port?.slices.map(nameOf)).toEqual([name]);
  expect(port?.envoy).toBeUndefined();
  expect(writes()).toEqual([]);
});

test('only a diagnosis reads the events, those of the task', async () => {
  const { kube } = cluster(whole);
  expect((await look(kube, { diagnose: true })).events.map(nameOf)).toEqual([`e-${task.jobName}-abcde`]);
});

test('what is not there is absent', async () => {
  const view = await look(cluster([]).kube, { diagnose: true });
  expect(view).toMatchObject({ gateway: 'absent', envoyService: 'absent', envoyPods: [], pods: [], events: [] });
  expect(view.ports.get(20000)).toEqual({ route: 'absent', service: 'absent', slices: [], envoy: undefined });
});

test('what may not be read is unknown', async () => {
  const forbidden = refusal(403, 'Forbidden', 'not you');
  const { kube } = cluster(whole, { refuse: () => forbidden });
  const view = await look({ ...kube, list: () => Promise.reject(forbidden) }, { diagnose: true });
  expect(view).toMatchObject({ gateway: 'unknown', envoyService: 'unknown', envoyPods: [], pods: [], events: [] });
  expect(view.ports.get(20000)).toEqual({ route: 'unknown', service: 'unknown', slices: [], envoy: undefined });
});

test('a bug is not taken for what may not be read', async () => {
  const bug = new TypeError('no such field');
  await expect(look(cluster(whole, { refuse: () => bug }).kube)).rejects.toBe(bug);
  await expect(look({ ...cluster(whole).kube, list: () => Promise.reject(bug) })).rejects.toBe(bug);
});

/** A task whose port is that of a listener which Envoy serves on this port. */
const onPort = (port: number, protocol: 'http' | 'tcp'): ExposedTask => ({
  ...exposed,
  exposures: [{ protocol, podPort: 8080, name, listenerPort: port - 8000 }],
});
const dialed = async (pods: readonly object[], seen: ExposedTask, diagnose = true) =>
  [...(await look(cluster([...whole, ...pods]).kube, { diagnose }, seen)).ports.values()][0]?.envoy;

test.each(['http', 'tcp'] as const)('a diagnosis dials Envoy past kube-proxy, over %s', async (protocol) => {
  const port = await freePort();
  const asked: string[] = [];
  await using _server = await tcpServer((socket) => {
    const answer = () => socket.end('HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok');
    socket
      .on('error', () => undefined)
      .on('data', (bytes) => {
        asked.push(`${bytes}`.split('\r\n')[0] ?? '');
        answer();
      });
    if (protocol === 'tcp') answer();
  }, port);
  expect(await dialed([envoy(undefined, 'a-new-one'), envoy('127.0.0.1')], onPort(port, protocol))).toMatchObject({
    outcome: 'answered',
  });
  expect(asked).toEqual(protocol === 'http' ? ['GET /echo?msg=direct HTTP/1.0'] : []);
});

test('without a diagnosis, or an Envoy that has an address, it is not dialed', async () => {
  const port = await freePort();
  await using _server = await httpServer('ok', { port });
  expect(await dialed([envoy('127.0.0.1')], onPort(port, 'http'), false)).toBeUndefined();
  expect(await dialed([envoy()], onPort(port, 'http'))).toBeUndefined();
  expect(await dialed([{ ...envoy(), status: {} }], onPort(port, 'http'))).toBeUndefined();
});
