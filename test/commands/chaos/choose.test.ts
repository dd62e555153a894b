import { describe, expect, test } from 'vitest';
import { applies, type Facts, forInstance } from '../../../src/commands/chaos/applies.ts';
import { choose, describeScenarios, listScenarios } from '../../../src/commands/chaos/choose.ts';
import { scenarios } from '../../../src/commands/chaos/scenarios.ts';
import { scenarioOf } from '../../support/chaos.ts';
import { failureOf } from '../../support/failure-of.ts';

const native: Facts = { provider: 'native', journal: [], missing: [] };
const daemon = { kind: 'tunnels', process: { pid: 1, startTicks: 1, bootId: 'boot' } } as const;
const overSsh = { master: { scheme: 'http', host: '203.0.113.1', port: 1, via: 'ssh' }, journal: [daemon] } as const;
const profile = { kind: 'minikube-profile', profile: 'p', driver: 'docker', owned: true } as const;
const minikube: Facts = { provider: 'minikube', journal: [profile], missing: [] };
const attach: Facts = { provider: 'attach', journal: [], missing: [] };

const notOurs = 'nothing is broken there that taskgate did not create';
const noProcess = 'it is for processes of a native node, which are children of this machine';

describe('applies', () => {
  test.each([
    ['etcd-killed', native, true],
    ['etcd-killed', minikube, noProcess],
    ['etcd-killed', attach, noProcess],
    ['envoy-deleted', minikube, true],
    [
      'envoy-deleted',
      { ...minikube, journal: [{ ...profile, owned: false }] },
      `the Minikube profile is not taskgate's own: ${notOurs}`,
    ],
    ['envoy-deleted', attach, `the cluster is attached: ${notOurs}`],
    ['api-429', attach, `the cluster is attached: ${notOurs}`],
    ['tunnel-daemon-killed', native, 'the instance has no tunnel and no forwards'],
    ['tunnel-daemon-killed', { ...attach, ...overSsh }, true],
    ['ssh-killed', { ...attach, ...overSsh }, true],
    ['ssh-killed', { ...native, journal: [daemon] }, 'the instance has no tunnel by ssh'],
    ['packets-lost', native, true],
    ['packets-lost', { ...native, missing: ['nft'] }, 'this machine has no nft'],
    ['link-down', minikube, noProcess],
  ] as const)('%s', (name, facts, verdict) => {
    expect(applies(scenarioOf(name), facts)).toBe(verdict);
  });
});

test('where clients come by forwards, every fault may end their connections', () => {
  const gateway = { address: '127.0.0.1', via: 'forward' } as unknown as NonNullable<Facts['gateway']>;
  expect(forInstance(scenarioOf('kubelet-killed'), { ...native, gateway }).cutsForward).toBe(true);
  expect(forInstance(scenarioOf('kubelet-killed'), native).cutsForward).toBe(false);
});

describe('choose', () => {
  test('all that apply, and why the others do not', () => {
    const { chosen, left } = choose('all', native);
    expect(chosen.length + left.length).toBe(scenarios.length);
    expect(left.map(({ scenario }) => scenario)).toEqual([
      ...['tunnel-daemon-killed', 'tunnel-daemon-frozen', 'ssh-killed', 'ssh-frozen'],
    ]);
  });

  test('names with commas between, in their order', () => {
    expect(choose('link-down,etcd-killed', native).chosen.map(({ name }) => name)).toEqual([
      'link-down',
      'etcd-killed',
    ]);
  });

  test.each([
    [
      'etcd-kiled',
      native,
      '--scenario: there is no scenario etcd-kiled',
      'did you mean etcd-killed? taskgate chaos --scenario list has them all',
    ],
    ['nothing', native, '--scenario: there is no scenario nothing', 'taskgate chaos --scenario list has them all'],
    [
      'ssh-killed',
      native,
      '--scenario: ssh-killed cannot be run on this instance: the instance has no tunnel by ssh',
      'taskgate chaos --scenario list shows those that can',
    ],
    [
      'all',
      attach,
      `--scenario: none can be run on this instance: etcd-killed: ${noProcess}`,
      'taskgate chaos --scenario list shows those that can',
    ],
  ])('%s is refused', async (wanted, facts, message, hint) => {
    const failure = await failureOf(Promise.resolve().then(() => choose(wanted, facts)));
    expect(failure).toMatchObject({ id: 'usage.chaos-scenario', message, hint });
  });
});

test('the list says of each what it breaks, by when it is back, and why it is not run here', () => {
  const lines = describeScenarios(attach).split('\n');
  expect(lines.slice(0, 4)).toEqual([
    'etcd-killed',
    '    breaks etcd of the node, by SIGKILL',
    '    its supervisor starts it again, within 30 s',
    `    not on this instance: ${noProcess}`,
  ]);
  expect(lines).toContain('    breaks etcd of the node, by SIGSTOP, lasts 4 s');
  expect(describeScenarios(native)).not.toContain(noProcess);
});

test('without an instance the list says nothing about where they can be run', () => {
  expect(listScenarios(undefined).filter((one) => 'left' in one)).toEqual([]);
  expect(listScenarios(undefined).map(({ name }) => name)).toEqual(scenarios.map(({ name }) => name));
  expect(describeScenarios(undefined)).not.toContain('not on this instance');
  expect(listScenarios(attach).find(({ name }) => name === 'link-down')?.left).toBe(noProcess);
});
