import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeNetwork, type Network } from '../../scripts/testbed/network.ts';
import type { EnvoyService } from '../../src/gateway/ready/envoy-service.ts';
import { envoyServiceRef } from '../../src/model/contour-names.ts';
import { docker } from '../support/e2e/real-minikube.ts';
import { agnhostImage, runPodOf } from '../support/e2e/task-image.ts';
import { type Ended, ending, makeTaskgate, type Taskgate } from '../support/e2e/taskgate.ts';
import { fileOf } from '../support/images/archives.ts';

type Shown = { readonly direction: string; readonly from: string; readonly to: string; readonly ok: boolean };

let taskgate: Taskgate;
/** Gives this host a further address, which may not dial task ports. */
let network: Network;
const up = (...args: readonly string[]) => taskgate.run('up', '--provider', 'minikube', '--json', ...args);

beforeAll(async () => {
  [taskgate, network] = await Promise.all([makeTaskgate(), makeNetwork()]);
});
afterAll(async () => {
  await taskgate.close('dev');
  await network.remove();
});

const policies = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' };
const engine = {
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  metadata: { name: 'taskgate-dev-policies', namespace: 'kube-system' },
};

const closedHops = ({ stdout }: Ended): readonly string[] =>
  (JSON.parse(stdout).proof.hops as readonly Shown[]).flatMap(({ direction, from, to, ok }) =>
    direction === 'closed' && /pod/.test(from) ? [`${from} x ${to} ${ok}`] : [],
  );

test('with policies and TLS a task’s pod is closed to others, by an engine in the node; the path works', async () => {
  const ended = await up('--network-policies', '--master-tls');
  expect(ending(ended)).toBe('exit 0');
  const { proof, master } = JSON.parse(ended.stdout);
  expect(proof.ok).toBe(true);
  expect(closedHops(ended)).toEqual([
    `pod by plain http x master at ${master.host}:${master.port} true`,
    "pod (baseline) x the node's files true",
    'another pod x task pod true',
    'task pod x another pod true',
    'task pod x API server true',
  ]);
  const kube = await taskgate.kube('dev');
  expect(await kube.find(engine)).toMatchObject({ status: { numberReady: 1 } });
  expect(ending(await taskgate.run('status'))).toBe('exit 0');
});

const service = envoyServiceRef({ name: 'contour', namespace: 'projectcontour' });

test('task ports answer this host’s own address alone, and Envoy’s Service has no NodePorts', async () => {
  const { stdout } = await taskgate.run('smoke', '--closed', '--json');
  const hop = (JSON.parse(stdout).hops as readonly Shown[]).find(({ to }) => to.startsWith('task ports at '));
  expect(hop).toMatchObject({ direction: 'closed', ok: true, from: expect.stringContaining('(not allowed)') });
  const { spec } = await (await taskgate.kube('dev')).get<EnvoyService>(service);
  expect(spec?.ports?.filter(({ nodePort }) => nodePort)).toEqual([]);
});

test('a Service that somebody opened is found by status and by the proof, and up limits it again', async () => {
  const kube = await taskgate.kube('dev');
  await kube.patch(service, { spec: { loadBalancerSourceRanges: null } }, { type: 'merge' });
  const status = await taskgate.run('status');
  expect(status.stdout).toContain('Service envoy-contour lets in every address instead of 192.168.');
  expect((await taskgate.run('smoke', '--closed')).stderr).toContain('[proof.not-closed]');
  expect(ending(await up('--network-policies', '--master-tls'))).toBe('exit 0');
  expect(ending(await taskgate.run('smoke', '--closed'))).toBe('exit 0');
});

test('turned off, policy and engine go, and nothing that they wrote keeps anybody out', async () => {
  const ended = await up('--reset', 'network,master.tls');
  expect(ending(ended)).toBe('exit 0');
  expect(JSON.parse(ended.stdout).proof.ok).toBe(true);
  expect(closedHops(ended)).toEqual(["pod (baseline) x the node's files true"]);
  const kube = await taskgate.kube('dev');
  expect(await kube.find(engine)).toBeUndefined();
  expect(await kube.list(policies)).toEqual([]);
});

test("an image of this host's Docker is loaded by its name, and a pod runs of it that may not pull", async () => {
  const { tar, ids } = await agnhostImage(taskgate, 'tiny:1');
  const file = await fileOf(taskgate.stateHome, 'tiny.tar', tar);
  await docker('load', '--input', file);
  const ended = await taskgate.run('images', 'load', 'tiny:1', '--json');
  await docker('image', 'rm', 'tiny:1');
  expect(ending(ended)).toBe('exit 0');
  const image = { name: 'docker.io/library/tiny:1', id: ids[0] };
  expect(JSON.parse(ended.stdout).images).toEqual([{ ...image, outcome: 'loaded' }]);
  await runPodOf(await taskgate.kube('dev'), 'tiny:1');
  const { nodes } = JSON.parse((await taskgate.run('images', 'list', '--json')).stdout);
  expect(nodes).toMatchObject([{ source: 'minikube image ls' }]);
  expect(nodes[0].images).toContainEqual(expect.objectContaining({ ...image, isOwn: false }));
  const again = await taskgate.run('images', 'load', file, '--json');
  expect(JSON.parse(again.stdout).images).toEqual([{ ...image, outcome: 'already there' }]);
  expect((await readdir(taskgate.dirOf('dev'))).filter((name) => name.startsWith('images-'))).toEqual([]);
});
