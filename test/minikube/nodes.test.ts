import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { pins } from '../../src/config/versions.ts';
import { connect, type Kube } from '../../src/lib/kube/client.ts';
import type { Node } from '../../src/lib/kube/shapes.ts';
import { polling, waitUntil } from '../../src/lib/wait.ts';
import { docker, minikube } from '../support/e2e/real-minikube.ts';
import { ending, makeTaskgate, type Taskgate } from '../support/e2e/taskgate.ts';

const profile = 'two';
const nodes = [profile, `${profile}-m02`] as const;

let taskgate: Taskgate;
let kube: Kube;

const kubeconfigPath = () => join(taskgate.stateHome, 'kubeconfig');

type Place = { readonly node: string; readonly podCidr: string; readonly address: string };
type PlacedNode = Node & { readonly spec?: { readonly podCIDR?: string } };

const placesOf = (all: readonly PlacedNode[]): readonly Place[] =>
  all.flatMap(({ metadata: { name: node }, spec, status }) => {
    const address = status?.addresses?.find(({ type }) => type === 'InternalIP')?.address;
    return spec?.podCIDR && address ? [{ node, podCidr: spec.podCIDR, address }] : [];
  });

const conflist = (podCidr: string): string =>
  JSON.stringify({
    ...{ cniVersion: '0.4.0', name: 'bridge' },
    plugins: [
      {
        ...{ type: 'bridge', bridge: 'cni0', isDefaultGateway: true, ipMasq: true, hairpinMode: true },
        ipam: { type: 'host-local', subnet: podCidr },
      },
    ],
  });

/** What kindnet does, whose image a rig cannot get: a bridge on each node and routes between them. */
const connectNodes = async (): Promise<void> => {
  const list = async () => placesOf(await kube.list<PlacedNode>({ apiVersion: 'v1', kind: 'Node' }));
  const judge = (found: readonly Place[]) => found.length === nodes.length || `${found.length} nodes have a range`;
  const places = await waitUntil('Nodes', polling(list, 500), judge, { timeoutMs: 120_000, id: 'cluster.test' });
  for (const { node, podCidr } of places) {
    await execa(
      'docker',
      ['exec', '-i', node, 'sh', '-c', 'rm -f /etc/cni/net.d/*; cat > /etc/cni/net.d/10-test.conflist'],
      {
        input: conflist(podCidr),
      },
    );
    for (const other of places.filter((one) => one.node !== node)) {
      await docker('exec', node, 'ip', 'route', 'replace', other.podCidr, 'via', other.address);
    }
  }
};

const startByHand = async (): Promise<void> => {
  const baseImage = process.env['TASKGATE_MINIKUBE_BASE_IMAGE'];
  await minikube(
    ...['start', `--profile=${profile}`, '--nodes=2', '--driver=docker', '--container-runtime=containerd'],
    ...[`--kubernetes-version=${pins.kubernetes.version}`, '--memory=2800', '--embed-certs', '--interactive=false'],
    ...(process.getuid?.() === 0 ? ['--force'] : []),
    ...(baseImage ? [`--base-image=${baseImage}`] : []),
    ...(process.env['TASKGATE_MINIKUBE_START_ARGS'] ?? '').split(' ').filter(Boolean),
    '--wait=apiserver',
  );
  kube = connect(await readFile(kubeconfigPath(), 'utf8'), profile);
  await connectNodes();
  const { images } = JSON.parse((await taskgate.run('prefetch', '--json')).stdout);
  await minikube('image', 'load', `--profile=${profile}`, images.archive);
};

const up = (...args: readonly string[]) =>
  taskgate.run(
    ...['up', '--name', 'att', '--provider', 'attach', '--context', profile, '--allow-context', profile, ...args],
  );

beforeAll(async () => {
  taskgate = await makeTaskgate();
  vi.stubEnv('KUBECONFIG', kubeconfigPath());
  await startByHand();
});
afterAll(async () => {
  await taskgate.run('down', '--name', 'att');
  await minikube('delete', `--profile=${profile}`);
  await taskgate.close();
  vi.unstubAllEnvs();
});

test('the Envoy of each node is proven, whichever kube-proxy takes', async () => {
  const ended = await up('--json');
  expect(ending(ended)).toBe('exit 0');
  const { hops } = JSON.parse(ended.stdout).proof;
  const envoys = hops.filter(({ from }: { from: string }) => from.startsWith('Envoy envoy-contour-'));
  expect(envoys.map(({ ok, evidence }: { ok: boolean; evidence: string }) => `${ok} ${evidence}`).toSorted()).toEqual(
    nodes.map((node) => `true node ${node}: fresh nonce echoed over HTTP`),
  );
});

test('a cordoned node is no complaint while another takes new pods', async () => {
  const { cluster } = await taskgate.record('att');
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: cluster?.nodeName ?? '' } };
  await kube.patch(node, { spec: { unschedulable: true } }, { type: 'merge' });
  expect(ending(await taskgate.run('status', '--name', 'att'))).toBe('exit 0');
  expect(ending(await taskgate.run('smoke', '--name', 'att'))).toBe('exit 0');
  await kube.patch(node, { spec: { unschedulable: null } }, { type: 'merge' });
});

test('a new cluster of several nodes with the network of one is refused before anything is made', async () => {
  const args = ['--provider', 'minikube', '--minikube-start-args', '--nodes=2 --cni=bridge'] as const;
  const ended = await taskgate.run('up', '--name', 'wide', ...args);
  expect(ended.exitCode).toBe(3);
  expect(ended.stderr).toContain('Minikube gives only the first node a network, the others never get Ready');
  expect(await docker('ps', '--all', '--format', '{{.Names}}')).not.toContain('wide');
});
