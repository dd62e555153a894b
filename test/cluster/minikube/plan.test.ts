import { expect, test } from 'vitest';
import { planStart } from '../../../src/cluster/minikube/plan.ts';
import type { ProfileState } from '../../../src/cluster/minikube/profile.ts';
import { config, makeSpec, ours } from '../../fakes/minikube.ts';

const found = (state: 'running' | 'paused' | 'degraded' | 'stopped' | 'no-machine', fields: object = {}) =>
  ({ state, isReachable: true, config: { ...config, ...fields } }) as ProfileState;
const adopted = { ...ours, owned: false };

test.each([
  ['missing', { state: 'missing' }, undefined, 'create'],
  ['made by us, and deleted behind our back', { state: 'missing' }, ours, 'create'],
  ['running', found('running'), ours, 'use'],
  ['paused', found('paused'), ours, 'unpause'],
  ['without Kubernetes', found('degraded'), ours, 'start'],
  ['stopped', found('stopped'), ours, 'start'],
  ['without its virtual machine', found('no-machine', { Driver: 'kvm2' }), ours, 'start'],
  ['ours and without its container', found('no-machine'), ours, 'recreate'],
  ['ours and corrupted', { state: 'corrupted' }, ours, 'recreate'],
] as const)('%s', (_, state, journalled, action) => {
  const driver = 'config' in state ? state.config.Driver : 'docker';
  expect(planStart(makeSpec({ driver }), state, journalled)).toMatchObject({ action });
});

test('a profile that taskgate did not create is used only if it was named', () => {
  expect(() => planStart(makeSpec(), found('running'))).toThrow(
    expect.objectContaining({
      id: 'cluster.minikube-not-ours',
      message: 'Minikube already has a profile dev, and taskgate did not create it',
      hint: expect.stringContaining('--minikube-profile dev'),
    }),
  );
  expect(planStart(makeSpec({ profileGiven: true }), found('running'))).toEqual({ action: 'use' });
  expect(planStart(makeSpec(), found('stopped'), adopted)).toEqual({ action: 'start' });
});

const wrong = found('stopped', {
  Driver: 'kvm2',
  CPUs: 1,
  Memory: 2048,
  KubernetesConfig: { KubernetesVersion: 'v1.33.1', ContainerRuntime: 'docker', ServiceCIDR: '10.96.0.0/12' },
});

test('lists all differences at once', () => {
  const spec = makeSpec({ serviceCidr: '10.120.0.0/16' });
  expect(() => planStart(spec, wrong, ours)).toThrow(
    expect.objectContaining({
      id: 'cluster.minikube-drift',
      message:
        "Minikube's profile dev does not match: Kubernetes: wanted v1.34.4, has v1.33.1; driver: wanted docker, has kvm2; " +
        'container runtime: wanted containerd, has docker; CPUs: wanted 2, has 1; memory in MB: wanted 4096, has 2048; ' +
        'service CIDR: wanted 10.120.0.0/16, has 10.96.0.0/12',
      hint: expect.stringContaining('--recreate'),
    }),
  );
});

test('with --recreate it is made again, and why is said', () => {
  expect(planStart(makeSpec({ recreate: true }), found('running', { CPUs: 4 }), ours)).toEqual({
    action: 'recreate',
    because: 'CPUs: wanted 2, has 4',
  });
  expect(planStart(makeSpec({ recreate: true }), found('running'), ours)).toEqual({ action: 'use' });
});

test('--recreate changes no profile that taskgate did not create and the user did not name', () => {
  expect(() => planStart(makeSpec({ recreate: true }), wrong)).toThrow('taskgate did not create it');
  expect(() => planStart(makeSpec({ recreate: true }), { state: 'corrupted' })).toThrow('taskgate did not create it');
  expect(planStart(makeSpec({ recreate: true, profileGiven: true }), wrong)).toMatchObject({ action: 'recreate' });
});

test('an adopted profile may be larger, one that taskgate created must match', () => {
  const rich = found('running', { CPUs: 8, Memory: 16_384 });
  expect(planStart(makeSpec({ profileGiven: true }), rich)).toEqual({ action: 'use' });
  expect(() => planStart(makeSpec(), rich, ours)).toThrow('CPUs: wanted 2, has 8');
});

test.each([
  ['minikube cannot read its configuration', { state: 'corrupted' }],
  ['its container was removed', found('no-machine')],
] as const)('a profile of the user that is broken needs --recreate: %s', (why, state) => {
  const spec = makeSpec({ profileGiven: true });
  expect(() => planStart(spec, state, adopted)).toThrow(why);
  expect(planStart({ ...spec, recreate: true }, state, adopted)).toEqual({ action: 'recreate', because: why });
});

test('an instance keeps its profile', () => {
  expect(() => planStart(makeSpec({ profile: 'new' }), { state: 'missing' }, ours)).toThrow(
    'the instance has the Minikube profile dev, wanted new',
  );
});
