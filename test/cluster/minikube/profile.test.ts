import { expect, test } from 'vitest';
import { parseProfile } from '../../../src/cluster/minikube/profile.ts';
import { config, listOf, recording } from '../../fakes/minikube.ts';

const status = (fields: object = {}) =>
  JSON.stringify({
    Name: 'dev',
    Host: 'Running',
    Kubelet: 'Running',
    APIServer: 'Running',
    Kubeconfig: 'Configured',
    Worker: false,
    ...fields,
  });
const stopped = { Host: 'Stopped', Kubelet: 'Stopped', APIServer: 'Stopped', Kubeconfig: 'Stopped' };

test.each([
  ['running', status(), true],
  ['running', status({ Kubeconfig: 'Misconfigured' }), false],
  ['running', `[${status()},${status({ Name: 'dev-m02', APIServer: 'Irrelevant' })}]`, true],
  ['paused', status({ Kubelet: 'Stopped', APIServer: 'Paused' }), true],
  ['degraded', status({ APIServer: 'Stopped' }), true],
  ['degraded', status({ Kubelet: 'Stopped' }), true],
  ['stopped', status(stopped), false],
  ['no-machine', 'null', false],
  ['no-machine', 'null\n', false],
  ['no-machine', status({ Host: 'Nonexistent', Kubeconfig: 'Misconfigured' }), false],
  ['degraded', 'panic: runtime error: index out of range [0] with length 0', false],
  ['degraded', '', false],
] as const)('%s: %s', (state, text, isReachable) => {
  expect(parseProfile('dev', listOf({ valid: ['dev', 'other'] }), text)).toEqual({ state, isReachable, config });
});

const notFound = '{"type":"io.k8s.sigs.minikube.info","data":{"message":"Profile \\"dev\\" not found."}}';

test.each([
  ['missing', listOf({}), notFound],
  ['missing', '{"invalid":null,"valid":null}', notFound],
  ['missing', listOf({ valid: ['dev2'], invalid: ['other'] }), notFound],
  ['corrupted', listOf({ invalid: ['dev'] }), notFound],
  ['corrupted', JSON.stringify({ valid: [{ Name: 'dev', Config: null }], invalid: [] }), status()],
] as const)('%s: %s', (state, list, text) => expect(parseProfile('dev', list, text)).toEqual({ state }));

test.each([
  ['running', true],
  ['paused', true],
  ['stopped', false],
  ['removed', false],
] as const)('what minikube really said of a profile that was %s', (state, isReachable) => {
  const found = parseProfile('rec', recording('profile-list'), recording(`status-${state}`));
  expect(found).toMatchObject({ state: state === 'removed' ? 'no-machine' : state, isReachable, config });
  expect(parseProfile('other', recording('profile-list'), recording('status-missing'))).toEqual({ state: 'missing' });
});
