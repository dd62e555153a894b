import { describe, expect, test } from 'vitest';
import { removeNamespaces } from '../../src/gateway/uninstall/namespaces.ts';
import type { Kube } from '../../src/lib/kube/client.ts';
import { ensureNamespace } from '../../src/lib/kube/namespace.ts';
import type { KubeObject } from '../../src/lib/kube/types.ts';
import { labelsOf } from '../../src/model/labels.ts';
import { explainAdmission } from '../../src/model/security/admission.ts';
import { podSecurityLabel } from '../../src/model/security/pod-security.ts';
import { makeJob } from '../../src/proof/sample-task/manifests.ts';
import { findRefusal } from '../../src/proof/sample-task/refusal.ts';
import { removeSampleTask } from '../../src/proof/sample-task/removal.ts';
import { exposeSampleTask, startSampleTask } from '../../src/proof/sample-task/sample-task.ts';
import { makeStranger } from '../../src/proof/sample-task/stranger.ts';
import { nameSampleTask } from '../../src/proof/sample-task/task.ts';
import {
  administrator,
  endpointOf,
  namespaceOf,
  newGateway,
  newInstance,
  newNamespace,
  untilPodsAdmitted,
  untilSeen,
} from '../support/api/cluster.ts';
import { failureOf } from '../support/failure-of.ts';

const image = 'registry.k8s.io/e2e-test-images/agnhost:2.53';
const master = { scheme: 'http', host: '192.0.2.1', port: 8080, via: 'direct' } as const;

type WithTemplate = { readonly spec: { readonly template: { readonly spec: object } } };
const podOf = ({ spec }: WithTemplate, namespace: string, change: object = {}): KubeObject =>
  ({
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'one', namespace } },
    spec: { ...spec.template.spec, ...change },
  }) as KubeObject;

const newPlace = async (kube: Kube, labels: Readonly<Record<string, string>> = {}): Promise<string> => {
  const namespace = await newNamespace(kube, labels);
  await untilPodsAdmitted(kube, namespace);
  return namespace;
};

describe('Pod Security admission', () => {
  const levels = ['privileged', 'baseline', 'restricted'];

  test.each(levels)('%s admits the pods of the proof', async (level) => {
    const kube = administrator();
    const namespace = await newPlace(kube, { [podSecurityLabel]: level });
    const task = nameSampleTask(newInstance(), namespace);
    for (const job of [makeJob(task, { image, master }), makeStranger(task, { image })]) {
      const pod = await kube.create(podOf(job, namespace), { dryRun: true });
      expect(pod.metadata.name).toBe('one');
    }
  });

  test.each([
    ['privileged', undefined],
    ['baseline', /violates PodSecurity "baseline:latest": .*hostPath/],
    ['restricted', /violates PodSecurity "restricted:latest": .*hostPath/],
  ])('%s and a folder of the node: refused with %s', async (level, words) => {
    const kube = administrator();
    const namespace = await newPlace(kube, { [podSecurityLabel]: level });
    const job = makeJob(nameSampleTask(newInstance(), namespace), { image, master });
    const volumes = [{ name: 'node', hostPath: { path: '/' } }];
    const attempt = kube.create(podOf(job, namespace, { volumes }), { dryRun: true });
    if (!words) return void expect((await attempt).kind).toBe('Pod');
    const { message } = await failureOf(attempt);
    expect(message).toMatch(words);
    expect(explainAdmission(message)).toMatchObject({ isFinal: true, hint: expect.stringContaining('--pod-security') });
  });

  test('a namespace that is made has the level, one that was there keeps its own', async () => {
    const kube = administrator();
    const { instance } = newInstance();
    const levelOf = async (name: string) => (await kube.get(namespaceOf(name))).metadata.labels?.[podSecurityLabel];
    await ensureNamespace(kube, instance, { [podSecurityLabel]: 'baseline' });
    const theirs = await newNamespace(kube, { [podSecurityLabel]: 'restricted' });
    await ensureNamespace(kube, theirs, { [podSecurityLabel]: 'baseline' });
    expect([await levelOf(instance), await levelOf(theirs)]).toEqual(['baseline', 'restricted']);
    await kube.remove(namespaceOf(instance));
  });
});

const limited = async (kube: Kube, namespace: string, hard: Readonly<Record<string, string>>): Promise<void> => {
  const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'tight', namespace } };
  await kube.create({ ...quota, spec: { hard } } as KubeObject);
  await untilSeen('the use of the quota', async () => {
    const { status } = (await kube.get(quota)) as KubeObject & { readonly status?: { readonly used?: object } };
    return status?.used ? true : 'not counted';
  });
};

describe('a quota', () => {
  test.each([
    [{ pods: '0' }, /exceeded quota: tight/, 'raise ResourceQuota tight'],
    [{ 'limits.memory': '1Gi' }, /failed quota: tight: must specify limits\.memory/, 'ResourceQuota tight wants'],
  ])('%j: the refusal of a pod is final, and named', async (hard, words, hint) => {
    const kube = administrator();
    const namespace = await newPlace(kube);
    await limited(kube, namespace, hard as Readonly<Record<string, string>>);
    const job = makeJob(nameSampleTask(newInstance(), namespace), { image, master });
    const { message } = await failureOf(kube.create(podOf(job, namespace), { dryRun: true }));
    expect(message).toMatch(words);
    expect(explainAdmission(message)).toMatchObject({ isFinal: true, hint: expect.stringContaining(hint) });
  });

  test('that leaves no room for a Service ends the exposure; nothing of it is left after the removal', async () => {
    const kube = administrator();
    const gateway = await newGateway(kube);
    const { namespace, instance } = gateway;
    await limited(kube, namespace, { 'count/services': '1' });
    const task = await startSampleTask(kube, { instance, namespace, image, master });
    const failure = await failureOf(exposeSampleTask(kube, task, { gateway: endpointOf(gateway), ports: 'lowest' }));
    expect(failure.message).toMatch(/exceeded quota: tight, requested: count\/services=1, used: count\/services=1/);
    expect(findRefusal(failure)?.cause).toContain('exceeded quota: tight');
    const removed = await removeSampleTask(kube, task, gateway);
    expect(removed).toContain(`Job ${task.jobName}`);
    expect(await kube.list({ apiVersion: 'v1', kind: 'Service', namespace })).toEqual([]);
  });
});

describe('a namespace that ends', () => {
  const holding = async (kube: Kube) => {
    const owner = newInstance();
    const name = `held-${owner.instance}`;
    await kube.create(namespaceOf(name, labelsOf(owner)));
    const map = {
      ...{ apiVersion: 'v1', kind: 'ConfigMap' },
      metadata: { name: 'held', namespace: name, labels: labelsOf(owner), finalizers: ['example.com/hold'] },
    };
    await kube.create(map);
    const free = () => kube.patch(map, { metadata: { finalizers: null } }, { type: 'merge' });
    return { owner, name, map, free };
  };

  test('takes no new object, and the hint says to wait', async () => {
    const kube = administrator();
    const { name, map, free } = await holding(kube);
    await kube.remove(namespaceOf(name));
    const failure = await failureOf(kube.create({ ...map, metadata: { name: 'more', namespace: name } }));
    expect(failure).toMatchObject({ code: 403, hint: 'wait until the namespace is gone, then run the command again' });
    expect(explainAdmission(failure.message)).toMatchObject({ isFinal: true });
    await free();
  });

  test('is waited for until its last object has gone', async () => {
    const kube = administrator();
    const { owner, name, map, free } = await holding(kube);
    const removing = {
      ...{ kube, owner, removed: [`ConfigMap ${name}/held`], restored: [], left: [], timeoutMs: 30_000 },
      original: { cluster: '', crds: [], existed: [] },
    };
    let isOver = false;
    const done = removeNamespaces(removing).then(() => {
      isOver = true;
    });
    await untilSeen('the end of the object', async () =>
      (await kube.get(map)).metadata.deletionTimestamp ? true : 'it is not marked',
    );
    expect(isOver).toBe(false);
    await free();
    await done;
    expect(await kube.find(namespaceOf(name))).toBeUndefined();
    expect(removing).toMatchObject({ left: [] });
  });

  test('but never does is what is left, and why', async () => {
    const kube = administrator();
    const { owner, name, free } = await holding(kube);
    const removing = {
      ...{ kube, owner, removed: [`ConfigMap ${name}/held`], restored: [], left: [], timeoutMs: 500 },
      original: { cluster: '', crds: [], existed: [] },
    };
    await removeNamespaces(removing);
    expect(removing.left).toEqual([
      { what: `Namespace ${name}`, why: expect.stringMatching(/still exists.*; Kubernetes continues to remove it/) },
    ]);
    await free();
  });

  test('with an object of somebody else is not removed', async () => {
    const kube = administrator();
    const { owner, name, free } = await holding(kube);
    const removing = {
      ...{ kube, owner, removed: [], restored: [], left: [], timeoutMs: 500 },
      original: { cluster: '', crds: [], existed: [] },
    };
    await removeNamespaces(removing);
    expect(removing.left).toEqual([
      { what: `Namespace ${name}`, why: `it has 1 objects that taskgate did not create: ConfigMap ${name}/held` },
    ]);
    expect((await kube.get(namespaceOf(name))).metadata.deletionTimestamp).toBeUndefined();
    await free();
    await kube.remove(namespaceOf(name));
  });
});
