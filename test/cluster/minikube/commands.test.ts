import { expect, test } from 'vitest';
import { startArgs } from '../../../src/cluster/minikube/commands.ts';
import { makeSpec } from '../../fakes/minikube.ts';

test('everything that a start depends on is said, and the user has the last word', () => {
  const spec = makeSpec({
    serviceCidr: '10.120.0.0/16',
    baseImage: 'local/kicbase:1',
    startArgs: ['--cni=kindnet', '-v=1'],
  });
  expect(startArgs(spec, { uid: 1000, isOwned: true })).toEqual([
    'start',
    '--profile=dev',
    '--driver=docker',
    '--container-runtime=containerd',
    '--kubernetes-version=v1.34.4',
    '--cpus=2',
    '--memory=4096mb',
    '--cni=bridge',
    '--extra-config=apiserver.feature-gates=MutatingAdmissionPolicy=true',
    '--extra-config=apiserver.runtime-config=admissionregistration.k8s.io/v1beta1=true',
    '--service-cluster-ip-range=10.120.0.0/16',
    '--wait=apiserver',
    '--keep-context',
    '--embed-certs',
    '--interactive=false',
    '--output=json',
    '--base-image=local/kicbase:1',
    '--cni=kindnet',
    '-v=1',
  ]);
});

test('a profile that taskgate did not create is started unchanged', () => {
  expect(startArgs(makeSpec({ startArgs: ['-v=1'] }), { uid: 1000, isOwned: false })).toEqual([
    'start',
    '--profile=dev',
    '--driver=docker',
    '--wait=apiserver',
    '--keep-context',
    '--embed-certs',
    '--interactive=false',
    '--output=json',
    '-v=1',
  ]);
});

test.each([
  ['docker', 0, true],
  ['kvm2', 0, true],
  ['none', 0, false],
  ['docker', 1000, false],
] as const)('driver %s, uid %i: --force is %s', (driver, uid, isForced) => {
  expect(startArgs(makeSpec({ driver }), { uid, isOwned: true }).includes('--force')).toBe(isForced);
});

test('ports are published in one argument, and only when a node is made', () => {
  const published = { address: '127.0.0.1', portRange: { start: 20_000, end: 20_199 }, given: true };
  const argument = '--ports=127.0.0.1:20000-20199:20000-20199';
  expect(startArgs(makeSpec({ published }), { uid: 1000, isOwned: true })).toContain(argument);
  expect(startArgs(makeSpec({ published }), { uid: 1000, isOwned: false })).not.toContain(argument);
});
