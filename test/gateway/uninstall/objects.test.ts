import { expect, test } from 'vitest';
import {
  type Leftover,
  type RemovalContext,
  removeKinds,
  removeObject,
  waitForRemoval,
} from '../../../src/gateway/uninstall/objects.ts';
import { describeProgress } from '../../../src/lib/progress.ts';
import { fakeKube, refusal } from '../../fakes/kube.ts';
import { labelled } from '../../support/gateway/foreign.ts';
import { emptyOriginal } from '../../support/gateway/installation.ts';

type Kube = RemovalContext['kube'];
const removal = (kube: Kube, more: Partial<RemovalContext> = {}) => {
  const [removed, left]: [string[], Leftover[]] = [[], []];
  const base = {
    kube,
    owner: { instance: 'dev' },
    original: emptyOriginal,
    timeoutMs: 30,
    restored: [],
    removed,
    left,
  };
  return { ...base, ...more };
};

const policyKind = { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'MutatingAdmissionPolicy' };
const jobKind = { apiVersion: 'batch/v1', kind: 'Job' };
const job = (name: string) => ({ ...jobKind, metadata: { name, namespace: 'default' } });
const kinds = ['batch/v1/Job', 'admissionregistration.k8s.io/v1/MutatingAdmissionPolicy'];
const forbidden = refusal(403, 'Forbidden', 'not you');

const listRefusing = (kube: Kube, error: Error): Kube => ({ ...kube, list: () => Promise.reject(error) });

test('who may not list admission policies goes on, and is told that one may be left', async () => {
  const removing = removal(listRefusing(fakeKube({ kinds }).kube, forbidden));
  await removeKinds(removing, [policyKind]);
  expect(removing.left).toEqual([
    { what: 'each MutatingAdmissionPolicy of this instance, if there is one', why: 'not you' },
  ]);
});

test.each([
  ['another kind', jobKind, forbidden],
  ['another refusal', policyKind, refusal(500, 'InternalError', 'etcd is away')],
  ['a kind of a group that ends so', { ...policyKind, apiVersion: 'x/admissionregistration.k8s.io/' }, forbidden],
  ['a bug', policyKind, new TypeError('no such field')],
])('who may not list them does not go on over %s', async (_, kind, error) => {
  const removing = removal(listRefusing(fakeKube({ kinds }).kube, error));
  await expect(removeKinds(removing, [kind])).rejects.toBe(error);
  expect(removing.left).toEqual([]);
});

test('only objects of this instance are looked for, and an interrupt ends the removal before the next kind', async () => {
  const { kube, writes } = fakeKube({ objects: [labelled(job('ours'), 'dev'), job('theirs')] });
  const asked: unknown[] = [];
  const list: Kube['list'] = (selection) => {
    asked.push(selection);
    return kube.list(selection);
  };
  await removeKinds(removal({ ...kube, list }), [jobKind]);
  expect(asked).toEqual([{ ...jobKind, labelSelector: 'taskgate.dev/instance=dev' }]);
  expect(writes()).toEqual(['remove Job default/ours']);
  const signal = AbortSignal.abort(new Error('interrupted'));
  await expect(removeKinds(removal({ ...kube, list }, { signal }), [jobKind])).rejects.toThrow('interrupted');
  expect(asked).toHaveLength(1);
});

test('a refusal is told, a bug ends the removal', async () => {
  const refusing = (error: Error) => removal(fakeKube({ objects: [job('a')], refuse: () => error }).kube);
  const removing = refusing(forbidden);
  await removeObject(removing, job('a'));
  expect(removing).toMatchObject({ left: [{ what: 'Job default/a', why: 'not you' }], removed: [] });
  await expect(removeObject(refusing(new TypeError('no such field')), job('a'))).rejects.toThrow('no such field');
});

test('what is gone already was not removed', async () => {
  const removing = removal(fakeKube({ kinds }).kube);
  await removeObject(removing, job('a'));
  expect([removing.left, removing.removed]).toEqual([[], []]);
});

test('an object that goes in time is not left', async () => {
  const fake = fakeKube({ objects: [job('a')] });
  const told: string[] = [];
  const report: RemovalContext['report'] = (line) => told.push(describeProgress(line));
  const removing = removal(fake.kube, { timeoutMs: 60_000, report });
  const waiting = waitForRemoval(removing, { what: 'Jobs', selection: jobKind });
  setTimeout(() => fake.drop(job('a')), 20);
  await waiting;
  expect(removing.left).toEqual([]);
  expect(told).toEqual(['Job default/a still exists']);
});

test.each([
  ['any', undefined, 'Job default/a'],
  ['those that are selected', 'b', 'Job default/b'],
])('one that stays is left: of %s', async (_, wanted, seen) => {
  const removing = removal(fakeKube({ objects: [job('a'), job('b')] }).kube);
  const isSelected =
    wanted === undefined ? {} : { isSelected: (one: ReturnType<typeof job>) => one.metadata.name === wanted };
  await waitForRemoval(removing, { what: 'Jobs', selection: jobKind, ...(isSelected as object) });
  const why = `Removal of Jobs not ready after 0s: ${seen} still exists; Kubernetes continues to remove it`;
  expect(removing.left).toEqual([{ what: 'Jobs', why }]);
});

test('one that is not selected may stay', async () => {
  const removing = removal(fakeKube({ objects: [job('a')] }).kube);
  await waitForRemoval(removing, { what: 'Jobs', selection: jobKind, isSelected: () => false });
  expect(removing.left).toEqual([]);
});

test('an interrupt of the wait, and a server that is away, end the removal', async () => {
  const { kube } = fakeKube({ objects: [job('a')] });
  const signal = AbortSignal.abort(new Error('interrupted'));
  const awaited = { what: 'Jobs', selection: jobKind };
  await expect(waitForRemoval(removal(kube, { signal }), awaited)).rejects.toThrow('interrupted');
  const watch = () => {
    throw forbidden;
  };
  await expect(waitForRemoval(removal({ ...kube, watch }), awaited)).rejects.toBe(forbidden);
});
