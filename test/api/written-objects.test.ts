import { describe, expect, inject, test } from 'vitest';
import { neededRights } from '../../src/cluster/attach/rights.ts';
import { ensureMasterAccount } from '../../src/commands/config/account.ts';
import { applyGatewayObjects, applyInstallation } from '../../src/gateway/ensure.ts';
import { applyEngine } from '../../src/gateway/policies/engine.ts';
import { applyPolicy } from '../../src/gateway/policies/kept.ts';
import { taskPolicy } from '../../src/gateway/policies/task-policy.ts';
import type { GatewaySpec } from '../../src/gateway/spec.ts';
import type { Kube } from '../../src/lib/kube/client.ts';
import type { KubeObject } from '../../src/lib/kube/types.ts';
import { exposeSampleTask, startSampleTask } from '../../src/proof/sample-task/sample-task.ts';
import {
  administrator,
  endpointOf,
  newGateway,
  newInstance,
  newNamespace,
  readManifest,
} from '../support/api/cluster.ts';
import { strictly } from '../support/api/strict.ts';

const { signal } = new AbortController();

/** Each way to write an object, given a client that has everything checked first. */
type Writer = (kube: Kube, spec: GatewaySpec) => Promise<unknown>;

const policyOf = (spec: GatewaySpec) =>
  taskPolicy({
    ...{ instance: spec.instance, instanceId: spec.instanceId ?? '', namespace: spec.namespace, gateway: spec },
    master: { port: 8080, ranges: ['192.0.2.1/32', '2001:db8::1/128'] },
    ...{ egressAllow: ['198.51.100.0/24'], taskToTask: true, dnsAddress: '10.96.0.10' },
  });

const taskSpec = (spec: GatewaySpec, scheme: 'http' | 'https') => ({
  ...{ instance: spec.instance, namespace: spec.namespace, image: 'registry.k8s.io/e2e-test-images/agnhost:2.53' },
  master: { scheme, host: '192.0.2.1', port: 8080, via: 'direct' } as const,
  withStranger: true,
});

const writers: Readonly<Record<string, Writer>> = {
  'Contour, the Gateway API and the Gateway': async (kube, spec) => {
    const input = { kube, spec: { ...spec, namespace: 'projectcontour' }, timeoutMs: 60_000 };
    await applyInstallation({ ...input, manifest: await readManifest() });
    await applyGatewayObjects({ ...input, manifest: await readManifest() });
  },
  'the network policy of tasks': (kube, spec) => applyPolicy(kube, spec, policyOf(spec)),
  'its engine': (kube, spec) =>
    applyEngine(kube, { instance: spec.instance, image: 'example.com/kube-router:v2', serviceCidr: '10.96.0.0/12' }),
  "the master's account": async (kube, spec) => {
    const place = { taskNamespace: await newNamespace(kube), gateway: spec };
    await ensureMasterAccount(kube, { owner: newInstance(), place }, { timeoutMs: 30_000, signal });
  },
  ...Object.fromEntries(
    (['http', 'https'] as const).map((scheme): [string, Writer] => [
      `the sample task of a master behind ${scheme}`,
      async (kube, spec) => {
        const task = await startSampleTask(kube, taskSpec(spec, scheme));
        await exposeSampleTask(kube, task, { gateway: endpointOf(spec), ports: 'lowest' });
      },
    ]),
  ),
};

describe('the API server knows every field of', () => {
  const kinds = new Set<string>();

  test.each(Object.entries(writers))('%s', async (_, write) => {
    const admin = administrator();
    const before = kinds.size;
    await write(strictly(admin, inject('apiServer').kubeconfig, kinds), await newGateway(admin));
    expect(kinds.size).toBeGreaterThanOrEqual(before);
  });

  test('every kind that the rights of an attached cluster let be created', () => {
    const plurals = [...kinds].map((kind) =>
      `${kind.split('/').at(-1)?.toLowerCase()}s`.replace('classs', 'classes').replace('policys', 'policies'),
    );
    const created = neededRights.filter(({ verbs }) => verbs.includes('create')).flatMap(({ resources }) => resources);
    // a pod is made by the closed checks, as their test with a real cluster shows
    expect(created.filter((resource) => resource !== 'pods' && !plurals.includes(resource))).toEqual([]);
    expect(kinds.size).toBeGreaterThan(15);
  });
});

test('a field that the API server does not know is refused by these checks, whichever way it is written', async () => {
  const admin = administrator();
  const namespace = await newNamespace(admin);
  const kube = strictly(admin, inject('apiServer').kubeconfig, new Set());
  const strange = {
    ...policyOf({ ...(await newGateway(admin)), namespace }),
    spec: { podSelector: {}, podSelektor: {} },
  };
  await expect(kube.create(strange as unknown as KubeObject)).rejects.toThrow(/unknown field "spec.podSelektor"/);
  await expect(kube.apply(strange as unknown as KubeObject)).rejects.toThrow(
    /podSelektor: field not declared in schema/,
  );
});
