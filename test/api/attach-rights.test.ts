import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ApiServer, startApiServer } from '../../scripts/testbed/api-server.ts';
import { changesBetween, takeSnapshot } from '../../scripts/testbed/objects.ts';
import { contourRights, escalation, type Right } from '../../src/cluster/attach/contour-rights.ts';
import { findMissingRights, neededRights, optionalRights } from '../../src/cluster/attach/rights.ts';
import { applyGatewayObjects, applyInstallation } from '../../src/gateway/ensure.ts';
import { guardForeign } from '../../src/gateway/foreign/guard.ts';
import { inspectOwnership } from '../../src/gateway/foreign/ownership.ts';
import { recordOriginalState } from '../../src/gateway/foreign/snapshot.ts';
import { inspectGatewayAPI } from '../../src/gateway/install/installed.ts';
import { type Manifest, parseManifest } from '../../src/gateway/install/manifest.ts';
import { applyPolicy } from '../../src/gateway/policies/kept.ts';
import { taskPolicy } from '../../src/gateway/policies/task-policy.ts';
import { removeGatewayObjects } from '../../src/gateway/uninstall/uninstall.ts';
import { connect, type Kube } from '../../src/lib/kube/client.ts';
import { describeProgress, type Report } from '../../src/lib/progress.ts';
import { removeSampleTask } from '../../src/proof/sample-task/removal.ts';
import { exposeSampleTask, startSampleTask } from '../../src/proof/sample-task/sample-task.ts';
import { connectWith, type PolicyRule } from '../support/api/account.ts';
import { endpointOf, newInstance, untilSeen, untilSettled } from '../support/api/cluster.ts';
import { gatewaySpec } from '../support/api/gateway.ts';

/** Of its own: somebody who is no administrator makes everything anew, and the whole cluster is compared. */
let server: ApiServer;
let admin: Kube;
let manifest: Manifest;
beforeAll(async () => {
  server = await startApiServer();
  admin = connect(server.kubeconfig);
  manifest = parseManifest(await readFile(server.manifestPath, 'utf8'));
  await untilSettled(admin);
});
afterAll(() => server?.remove());

const rulesOf = (rights: readonly Right[]): readonly PolicyRule[] =>
  rights.map(({ group, resources, verbs }) => ({ apiGroups: [group], resources, verbs }));

const accountWith = (name: string, rights: readonly Right[]): Promise<Kube> =>
  connectWith(admin, { namespace: 'default', name, rules: rulesOf(rights) }, server.kubeconfig);

const image = 'registry.k8s.io/e2e-test-images/agnhost:2.53';
const master = { scheme: 'https', host: '192.0.2.1', port: 443, via: 'url' } as const;

/** All that `up`, `smoke` and `down` ask of an API server that has no node. */
const upAndDown = async (kube: Kube) => {
  const spec = { ...gatewaySpec, ...newInstance() };
  const { instance, instanceId } = spec;
  const plan = { spec, manifest };
  await inspectGatewayAPI(kube, spec);
  await inspectOwnership(kube, plan);
  const original = await recordOriginalState(kube, plan);
  const notices: string[] = [];
  const report: Report = (what) => void notices.push(describeProgress(what));
  const guarded = guardForeign(kube, { spec, original });
  const input = { kube: guarded, spec, timeoutMs: 60_000, manifest, report };
  await applyInstallation(input);
  await applyGatewayObjects(input);
  const place = { instance, instanceId, namespace: 'default' };
  const ranges = { master: { port: 8080, ranges: undefined }, egressAllow: [], taskToTask: false };
  await applyPolicy(guarded, spec, taskPolicy({ ...place, gateway: spec, ...ranges }));
  const task = await startSampleTask(guarded, { ...place, image, master });
  await exposeSampleTask(guarded, task, { gateway: endpointOf(spec), ports: 'lowest' });
  const ofTask = await removeSampleTask(guarded, task, spec);
  const removal = await removeGatewayObjects(kube, spec, { original, timeoutMs: 60_000 });
  return { ofTask, notices, ...removal };
};

const changesSince = async (before: Awaited<ReturnType<typeof takeSnapshot>>): Promise<readonly string[]> =>
  changesBetween(before, await takeSnapshot(admin)).filter(
    (change) => !/ (apiservices|servicecidrs|ipaddresses) /.test(change),
  );

describe('who has the rights that attach asks for, and no others, can install, prove and remove', () => {
  test.each([
    ['with leave to give rights', 'escalating', [escalation]],
    ["with all rights of Contour's roles", 'equal', contourRights],
  ] as const)('%s', async (_, name, more) => {
    const kube = await accountWith(name, [...neededRights, ...optionalRights, ...more]);
    await expect.poll(() => findMissingRights(kube)).toEqual({ needed: undefined, optional: [] });
    const before = await takeSnapshot(admin);
    const { ofTask, notices, removed, left } = await upAndDown(kube);
    expect(ofTask).toHaveLength(2 + 1 + 1 + 2 * 2);
    expect(notices).not.toContainEqual(expect.stringContaining('may not'));
    expect(removed.length).toBeGreaterThan(25);
    expect(left).toEqual([]);
    expect(await changesSince(before)).toEqual([]);
  });

  test('without those that are optional, it is told what that costs, which is all that it costs', async () => {
    const kube = await accountWith('needing', [...neededRights, escalation]);
    const without = optionalRights.map((right) => expect.stringContaining(right.without));
    await expect.poll(() => findMissingRights(kube)).toEqual({ needed: undefined, optional: without });
    const before = await takeSnapshot(admin);
    const { notices, left } = await upAndDown(kube);
    expect(notices).toContainEqual(expect.stringContaining('may not write MutatingAdmissionPolicies'));
    expect(left.map(({ what }) => what)).toEqual([
      'each MutatingAdmissionPolicyBinding of this instance, if there is one',
      'each MutatingAdmissionPolicy of this instance, if there is one',
      'Namespace projectcontour',
    ]);
    expect(await changesSince(before)).toEqual(
      expect.arrayContaining(['made namespaces projectcontour', 'made serviceaccounts projectcontour/default']),
    );
    expect((await changesSince(before)).filter((change) => !change.includes('projectcontour'))).toEqual([]);
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'projectcontour' } };
    await admin.remove(namespace);
    await untilSeen('the end of the namespace', async () => ((await admin.find(namespace)) ? 'still there' : true));
  });
});

test("the rights that Contour's roles give are those of its manifest", () => {
  const wordsOf = (rules: readonly PolicyRule[]): readonly string[] =>
    rules.flatMap(({ apiGroups, resources, verbs }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) => verbs.map((verb) => `${verb} ${group}/${resource}`)),
      ),
    );
  const given = manifest.rest.flatMap((object) => ('rules' in object ? (object.rules as readonly PolicyRule[]) : []));
  expect(new Set(wordsOf(rulesOf(contourRights)))).toEqual(new Set(wordsOf(given)));
});

test('who lacks one of them is told which, before anything is changed', async () => {
  const all = [...neededRights, escalation];
  const resources = neededRights.flatMap((right) => right.resources.map((resource) => ({ ...right, resource })));
  const kube = await accountWith('lacking', all);
  const role = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'default-lacking' },
  };
  const before = await takeSnapshot(admin);
  for (const { group, resource, verbs } of resources) {
    const fewer = all.map((right) =>
      right.group === group && right !== escalation
        ? { ...right, resources: right.resources.filter((one) => one !== resource) }
        : right,
    );
    const rules = rulesOf(fewer).filter((rule) => rule.resources.length > 0);
    await admin.patch(role, { rules }, { type: 'merge' });
    const told = async () => (await findMissingRights(kube)).needed;
    await expect.poll(told).toBe(`${verbs.join('/')} ${resource}`);
  }
  // the API server marks a token that is used
  expect((await changesSince(before)).filter((change) => change !== 'changed secrets default/lacking')).toEqual([
    'changed clusterroles default-lacking',
  ]);
});

test.each(['escalate', 'bind'])('who may not %s roles is told what it would have to have itself', async (verb) => {
  const verbs = escalation.verbs.filter((one) => one !== verb);
  const kube = await accountWith(`no-${verb}`, [...neededRights, { ...escalation, verbs }]);
  await expect
    .poll(async () => (await findMissingRights(kube)).needed)
    .toMatch(
      new RegExp(
        `^give Contour's roles rights of which it has none \\(get/watch configmaps, .*\\) without ${verb} clusterroles, ${verb} roles$`,
      ),
    );
});
