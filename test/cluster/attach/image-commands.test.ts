import { expect, test } from 'vitest';
import { imageCommand } from '../../../src/cluster/attach/image-commands.ts';
import type { Node } from '../../../src/lib/kube/shapes.ts';

const node = (name: string, providerID?: string, labels: Readonly<Record<string, string>> = {}): Node => ({
  ...{ apiVersion: 'v1', kind: 'Node', metadata: { name, labels } },
  spec: { ...(providerID !== undefined && { providerID }) },
});

const kind = node('east-control-plane', 'kind://docker/east/east-control-plane');
const minikube = node('m', undefined, { 'minikube.k8s.io/name': 'mine' });
const k3d = node('k3d-a-b-server-0', 'k3s://k3d-a-b-server-0');
const k3s = node('pi', 'k3s://pi');

test.each([
  [[kind], true, 'kind load image-archive /a.tar --name east'],
  [[kind], false, 'kind load docker-image me/a:1 --name east'],
  [[minikube], true, 'minikube image load /a.tar --profile mine'],
  [[minikube], false, 'minikube image load me/a:1 --profile mine'],
  [[k3d], true, 'k3d image import /a.tar --cluster a-b'],
  [[k3d], false, 'k3d image import me/a:1 --cluster a-b'],
  [[k3s], true, 'on each node: k3s ctr images import /a.tar'],
  [[k3s], false, 'docker save me/a:1 -o FILE; then on each node: k3s ctr images import FILE'],
  [[node('cloud-1', 'aws:///eu/i-1')], true, 'on each node: ctr --namespace k8s.io images import /a.tar'],
  [[], false, 'docker save me/a:1 -o FILE; then on each node: ctr --namespace k8s.io images import FILE'],
] as const)('the command of the cluster (%#)', (nodes, isFile, command) => {
  expect(imageCommand(nodes, { what: isFile ? '/a.tar' : 'me/a:1', isFile })).toBe(command);
});
