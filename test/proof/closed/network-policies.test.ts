import { describe, expect, test } from 'vitest';
import type { Kube } from '../../../src/lib/kube/client.ts';
import type { ClosedContext } from '../../../src/proof/closed/closed.ts';
import { proveClosed } from '../../../src/proof/closed/closed.ts';
import { policyChecks } from '../../../src/proof/closed/network-policies.ts';
import { makeStranger, strangerPods } from '../../../src/proof/sample-task/stranger.ts';
import { nameSampleTask } from '../../../src/proof/sample-task/task.ts';
import { fakeKube } from '../../fakes/kube.ts';
import { gateway, masterAt } from '../../support/proof/local-path.ts';
import { readyPod } from '../../support/proof/path.ts';

const task = nameSampleTask({ instance: 'dev' }, 'default');
const podAt = (name: string, podIP: string, labels: Readonly<Record<string, string>> = {}) => {
  const { metadata, status, ...rest } = readyPod(name);
  return { ...rest, metadata: { ...metadata, labels }, status: { ...status, podIP } };
};
const jobName = makeStranger(task, { image: 'agnhost' }).metadata.name;
const objects = [
  podAt('sample-1', '10.0.0.4', { determined: task.allocationId }),
  podAt('other-1', '10.0.0.5', { 'job-name': jobName }),
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'kubernetes', namespace: 'default' },
    spec: { clusterIP: '10.128.0.1', ports: [{ port: 443 }] },
  },
];

type Answer = (from: string, to: string, tries: number) => string;

const answered = JSON.stringify({ responses: ['hello'] });
const refused = JSON.stringify({ errors: ['dial tcp 10.0.0.4:8080: connect: connection refused'] });

/** A cluster whose pods dial as the network lets them. */
const contextOf = (answer: Answer, present: readonly (typeof objects)[number][] = objects): ClosedContext => {
  const dials: string[] = [];
  const text: Kube['text'] = async (path, { host, port } = {}) => {
    const dial = `${/pods\/([^:]+):8080\/proxy\/dial$/.exec(path)?.[1]} ${host}:${port}`;
    dials.push(dial);
    const [from = '', to = ''] = dial.split(' ');
    return answer(from, to, dials.filter((one) => one === dial).length);
  };
  return {
    kube: { ...fakeKube({ objects: present, kinds: ['v1/Pod', 'v1/Service'] }).kube, text },
    task: { ...task, exposures: [], notes: [] },
    ...{ podName: 'sample-1', gateway, master: masterAt(8080) },
  };
};

const checks = policyChecks({ name: 'dev', provider: 'attach' }, 300);

test('the other pod is removed with the sample task, and is no task', () => {
  const { metadata, spec } = makeStranger(task, { image: 'agnhost' });
  expect(metadata.labels).toMatchObject({ determined: task.allocationId });
  expect(Object.keys(spec.template.metadata.labels).filter((key) => key.startsWith('determined'))).toEqual([]);
  expect(strangerPods(task).labelSelector).toBe(`job-name=${metadata.name}`);
  expect(metadata.name.length).toBeLessThan(64);
});

describe('three attempts that must fail', () => {
  test('refused, dropped and unroutable connections are closed', async () => {
    const context = contextOf((from, to) => {
      if (to === '10.128.0.1:443') return JSON.stringify({ errors: ['dial tcp: i/o timeout'] });
      return from === 'other-1' ? refused : JSON.stringify({ errors: ['dial tcp: no route to host'] });
    });
    const { hops, notes } = await proveClosed(checks, context);
    expect(notes).toEqual([]);
    expect(hops.map(({ from, to, ok, evidence }) => `${from} x ${to} ${ok} ${evidence}`)).toEqual([
      'another pod x task pod true 10.0.0.4:8080: refused',
      'task pod x another pod true 10.0.0.5:8080: unreachable',
      'task pod x API server true 10.128.0.1:443: timeout',
    ]);
  });

  test('an engine may need a moment', async () => {
    const context = contextOf((_from, _to, tries) => (tries < 3 ? answered : refused));
    expect((await proveClosed(checks, context)).hops.map(({ ok }) => ok)).toEqual([true, true, true]);
  });

  test('an answer, whatever it says, and a connection that breaks later are open', async () => {
    const context = contextOf((from) => (from === 'other-1' ? answered : JSON.stringify({ errors: ['EOF'] })));
    const { hops } = await proveClosed(checks, context);
    expect(hops.map(({ ok }) => ok)).toEqual([false, false, false]);
    expect(hops[0]?.finding?.cause).toBe("network policies: written, but this cluster's network does not enforce them");
  });

  test('a pod that cannot be asked proves nothing', async () => {
    const context = contextOf(() => {
      throw new Error('the API server does not reach pods');
    });
    const { hops, notes } = await proveClosed(checks, context);
    expect(hops).toEqual([]);
    expect(notes[0]).toBe('not verified: another pod does not reach task pod: the API server does not reach pods');
  });
});

test.each([
  ['native', 'taskgate status --name dev; taskgate logs kube-router --name dev'],
  ['minikube', 'daemonset/taskgate-dev-policies'],
  ['attach', 'use a network plug-in that does'],
] as const)('on %s what is open leads to the engine', async (provider, hint) => {
  const context = contextOf(() => answered);
  const { hops } = await proveClosed(policyChecks({ name: 'dev', provider }, 1), context);
  expect(hops.map(({ ok }) => ok)).toEqual([false, false, false]);
  expect(hops[0]?.finding?.hint).toContain(hint);
});
