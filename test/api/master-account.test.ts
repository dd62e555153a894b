import { randomUUID } from 'node:crypto';
import { describe, expect, inject, test } from 'vitest';
import { checkNewAccount, ensureMasterAccount } from '../../src/commands/config/account.ts';
import { connect, type Kube } from '../../src/lib/kube/client.ts';
import type { KubeObject } from '../../src/lib/kube/types.ts';
import { renderAccountKubeconfig } from '../../src/master/account/kubeconfig.ts';
import { type MasterScope, masterRights } from '../../src/master/account/rights.ts';
import { rightsChecks } from '../../src/master/account/rights-check.ts';
import { connectWith } from '../support/api/account.ts';
import { administrator, newInstance, newNamespace } from '../support/api/cluster.ts';

type Rule = {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
};
type RulesReview = KubeObject & {
  readonly spec: { readonly namespace: string };
  readonly status?: {
    readonly resourceRules: readonly Rule[];
    readonly nonResourceRules: readonly unknown[];
    readonly incomplete: boolean;
  };
};

/** All that an account may do in a namespace, as the API server's own authorizers say: `get gateways.GROUP NAME`. */
const rightsIn = async (kube: Kube, namespace: string): Promise<ReadonlySet<string>> => {
  const review: RulesReview = {
    ...{ apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectRulesReview', metadata: { name: '' } },
    spec: { namespace },
  };
  const { status } = await kube.create(review);
  expect(status?.incomplete).toBe(false);
  const lines = (status?.resourceRules ?? []).flatMap(
    ({ verbs, apiGroups = [], resources = [], resourceNames = [''] }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) =>
          resourceNames.flatMap((name) => verbs.map((verb) => `${verb} ${group}/${resource} ${name}`.trim())),
        ),
      ),
  );
  return new Set(lines);
};

type Account = { readonly kubeconfig: string; readonly kube: Kube; readonly place: MasterScope };
const { signal } = new AbortController();

const makeAccount = async (owner = newInstance()): Promise<Account> => {
  const admin = administrator();
  const place = {
    taskNamespace: await newNamespace(admin),
    gateway: { name: 'contour', namespace: await newNamespace(admin) },
  };
  const { name, token } = await ensureMasterAccount(admin, { owner, place }, { timeoutMs: 30_000, signal });
  const kubeconfig = renderAccountKubeconfig(inject('apiServer').kubeconfig, { name, token });
  expect(await checkNewAccount(kubeconfig, place, signal)).toEqual([]);
  return { kubeconfig, kube: connect(kubeconfig), place };
};

/** An account of the cluster to which nobody gave anything. */
const nobody = async (): Promise<Kube> => {
  const admin = administrator();
  return connectWith(admin, { namespace: await newNamespace(admin), name: 'nobody', rules: [] });
};

/** What the table of rights promises in a namespace, in the words of {@link rightsIn}. */
const promisedIn = (namespace: string, place: MasterScope): readonly string[] =>
  rightsChecks(place)
    .filter(({ question }) => question.namespace === undefined || question.namespace === namespace)
    .map(({ question: { verb, group, resource, name = '' } }) => `${verb} ${group}/${resource} ${name}`.trim());

const difference = (all: ReadonlySet<string>, less: ReadonlySet<string>): readonly string[] =>
  [...all].filter((one) => !less.has(one)).toSorted();

describe("the master's account", () => {
  test('may do in each namespace what the table promises, and not one verb more', async () => {
    const [{ kube, place }, everybody] = [await makeAccount(), await nobody()];
    const elsewhere = await newNamespace(administrator());
    for (const namespace of [place.taskNamespace, place.gateway.namespace, elsewhere, 'kube-system', 'default']) {
      const beyond = difference(await rightsIn(kube, namespace), await rightsIn(everybody, namespace));
      expect([namespace, beyond]).toEqual([namespace, [...new Set(promisedIn(namespace, place))].toSorted()]);
    }
    expect(masterRights.length).toBeGreaterThan(10);
  });

  const gateway = (namespace: string, name: string) => ({
    ...{ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway', metadata: { name, namespace } },
  });

  test.each<readonly [string, (kube: Kube, place: MasterScope) => Promise<unknown>]>([
    [
      'read Secrets of tasks',
      (kube, { taskNamespace: namespace }) => kube.list({ apiVersion: 'v1', kind: 'Secret', namespace }),
    ],
    [
      'read its own token',
      (kube, { gateway: { namespace } }) => kube.list({ apiVersion: 'v1', kind: 'Secret', namespace }),
    ],
    ['delete the Gateway', (kube, place) => kube.remove(gateway(place.gateway.namespace, place.gateway.name))],
    ['read another Gateway', (kube, { gateway: { namespace } }) => kube.get(gateway(namespace, 'other'))],
    ['list the Gateways', (kube, { gateway: { namespace } }) => kube.list({ ...gateway(namespace, ''), namespace })],
    [
      'run pods of its own',
      (kube, { taskNamespace: namespace }) =>
        kube.create({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'one', namespace } }),
    ],
    [
      'run Jobs elsewhere',
      (kube) => kube.create({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'one', namespace: 'default' } }),
    ],
    [
      'give itself rights',
      (kube) =>
        kube.create({
          ...{
            apiVersion: 'rbac.authorization.k8s.io/v1',
            kind: 'ClusterRoleBinding',
            metadata: { name: randomUUID() },
          },
          roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
        } as KubeObject),
    ],
  ])('may not %s', async (_, attempt) => {
    const { kube, place } = await makeAccount();
    await expect(attempt(kube, place)).rejects.toMatchObject({ code: 403 });
  });

  test('is refused for another instance of the same name, whose rights would be taken over', async () => {
    const owner = newInstance();
    const { place } = await makeAccount(owner);
    const namesake = { ...newInstance(), instance: owner.instance };
    const wait = { timeoutMs: 5_000, signal };
    await expect(ensureMasterAccount(administrator(), { owner: namesake, place }, wait)).rejects.toMatchObject({
      id: 'cluster.not-ours',
    });
  });

  test('made again, it has only what it should: a right that somebody added goes, and its token stays', async () => {
    const [admin, owner] = [administrator(), newInstance()];
    const { kubeconfig, kube, place } = await makeAccount(owner);
    const name = `taskgate-${owner.instance}-master`;
    const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name } };
    const rules = [{ apiGroups: [''], resources: ['secrets'], verbs: ['*'] }];
    await admin.patch(role, { rules }, { type: 'merge' });
    await expect.poll(() => rightsIn(kube, 'default')).toContain('* /secrets');
    const again = await ensureMasterAccount(admin, { owner, place }, { timeoutMs: 30_000, signal });
    await expect.poll(() => rightsIn(kube, 'default')).not.toContain('* /secrets');
    expect(kubeconfig).toContain(again.token);
  });
});
