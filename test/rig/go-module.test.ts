import { expect, test } from 'vitest';
import { moduleBuildCommand } from '../../scripts/rig/go-module.ts';
import { rigPins } from '../../scripts/rig/pins.ts';

test('minikube is built as its Makefile does, and knows its version', () => {
  const line = moduleBuildCommand(rigPins.minikube, '/out/minikube').join(' ');
  expect(line).toContain('-tags libvirt_dlopen');
  expect(line).toContain('-X k8s.io/minikube/pkg/version.version=v1.38.1 ');
  expect(line).toMatch(/-o \/out\/minikube \.\/cmd\/minikube$/);
  expect(moduleBuildCommand(rigPins.crictl, '/out/crictl')).not.toContain('-tags');
});
