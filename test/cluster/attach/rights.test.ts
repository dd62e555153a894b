import { expect, test } from 'vitest';
import type { Right } from '../../../src/cluster/attach/contour-rights.ts';
import { findMissingRights, neededRights, optionalRights } from '../../../src/cluster/attach/rights.ts';
import { applyGatewayObjects, applyInstallation, awaitGatewayEndpoint } from '../../../src/gateway/ensure.ts';
import { parseManifest } from '../../../src/gateway/install/manifest.ts';
import type { AccessQuestion } from '../../../src/lib/kube/access-review.ts';
import type { Kube } from '../../../src/lib/kube/client.ts';
import { taskKinds } from '../../../src/model/task-objects.ts';
import { contourCluster } from '../../support/gateway/contour-cluster.ts';
import { manifestText, spec } from '../../support/gateway/fixture.ts';
import { fakeCluster, installation, removeDev } from '../../support/gateway/installation.ts';

const allRights = [...neededRights, ...optionalRights];

const verbsOf = (resource: string): readonly string[] =>
  allRights.filter(({ resources }) => resources.includes(resource)).flatMap(({ verbs }) => verbs);

/** What a call of the Kubernetes client asks of the API server, as its access rules see it. */
const verbsOfCall: Readonly<Record<string, readonly string[]>> = {
  get: ['get'],
  find: ['get'],
  list: ['list'],
  watch: ['list', 'watch'],
  apply: ['create', 'patch'],
  create: ['create'],
  update: ['update'],
  patch: ['patch'],
  'patch/status': ['patch'],
  remove: ['delete'],
};

const pluralOf = (kind: string): string =>
  `${kind.toLowerCase()}s`.replace(/(?<!wa)ys$/, 'ies').replace(/classs$/, 'classes');

/** `create jobs` for each call that no right of the table covers. */
const uncovered = (calls: readonly string[]): readonly string[] => {
  const asked = calls.flatMap((call) => {
    const [verb = '', kind = ''] = call.split(' ');
    if (verb === 'text') return [];
    const resource = `${pluralOf(kind)}${verb.includes('/') ? '/status' : ''}`;
    return (verbsOfCall[verb] ?? [`?${verb}`]).map((one) => ({ verb: one, resource }));
  });
  const missing = asked.filter(({ verb, resource }) => !verbsOf(resource).includes(verb));
  return [...new Set(missing.map(({ verb, resource }) => `${verb} ${resource}`))].toSorted();
};

test('all that the installation does is in the table of rights', async () => {
  const fake = contourCluster();
  const input = { kube: fake.kube, spec, manifest: parseManifest(manifestText), address: '10.0.0.2', timeoutMs: 5_000 };
  await applyInstallation(input);
  await applyGatewayObjects(input);
  await awaitGatewayEndpoint({ ...input, allowFrom: ['10.0.0.1/32'] });
  expect(fake.calls.length).toBeGreaterThan(20);
  expect(uncovered(fake.calls)).toEqual([]);
});

test('all that the removal does is in the table of rights', async () => {
  const fake = fakeCluster(installation('dev'));
  await removeDev(fake);
  expect(fake.calls.length).toBeGreaterThan(20);
  expect(uncovered(fake.calls)).toEqual([]);
});

test("all kinds of the proof's task are in it, and those that Contour's own manifest has", () => {
  const kinds = [
    'ServiceAccount',
    'ClusterRole',
    'ClusterRoleBinding',
    'Role',
    'RoleBinding',
    'Deployment',
    'Namespace',
  ];
  expect(
    uncovered(taskKinds.flatMap(({ kind }) => [`create ${kind} a`, `list ${kind} a`, `remove ${kind} a`])),
  ).toEqual([]);
  expect(uncovered(kinds.flatMap((kind) => [`apply ${kind} a`, `remove ${kind} a`]))).toEqual([]);
});

/** A review has the subresource apart. */
const textOf = ({ resource, subresource }: AccessQuestion & { readonly subresource?: string }): string =>
  subresource ? `${resource}/${subresource}` : resource;

const asking = (isAllowed: (question: AccessQuestion) => boolean) => {
  const asked: AccessQuestion[] = [];
  const create = async (review: { readonly spec: { readonly resourceAttributes: AccessQuestion } }) => {
    const { resourceAttributes } = review.spec;
    asked.push(resourceAttributes);
    return { ...review, status: { allowed: isAllowed(resourceAttributes) } };
  };
  return { asked, kube: { create } as unknown as Kube };
};

test('an administrator is asked about once', async () => {
  const { asked, kube } = asking(() => true);
  expect(await findMissingRights(kube)).toEqual({ needed: undefined, optional: [] });
  expect(asked).toHaveLength(1);
});

test('what is missing is named by resource; what is optional is told apart', async () => {
  const { kube } = asking(
    ({ verb, group, resource }) =>
      verb !== '*' &&
      group !== 'admissionregistration.k8s.io' &&
      resource !== 'jobs' &&
      !(resource === 'services' && verb === 'delete'),
  );
  expect(await findMissingRights(kube)).toEqual({
    needed: expect.stringMatching(/^delete services.*, get\/list\/watch\/create\/delete jobs$/),
    optional: [
      'get/list/create/patch/delete mutatingadmissionpolicies, get/list/create/patch/delete mutatingadmissionpolicybindings: the Gateway works without, and is slower at many tasks',
      expect.stringMatching(/^get validatingadmissionpolicies: a policy that denies CRDs/),
    ],
  });
});

const lacking = async (lacks: (question: AccessQuestion) => boolean) =>
  findMissingRights(asking((question) => question.verb !== '*' && !lacks(question)).kube);

const allOf = (rights: readonly Right[]): readonly AccessQuestion[] =>
  rights.flatMap(({ group, resources, verbs }) =>
    resources.flatMap((resource) => verbs.map((verb) => ({ group, resource, verb }))),
  );

const isSame = (one: AccessQuestion, other: AccessQuestion): boolean =>
  one.group === other.group && one.verb === other.verb && `${other.resource}` === textOf(one);

test.each(allOf(neededRights))('without $verb $resource alone, that is what is missing', async (right) => {
  const { needed, optional } = await lacking((question) => isSame(question, right));
  expect(needed).toBe(`${right.verb} ${right.resource}`);
  expect(optional).toEqual([]);
});

test('who may escalate and bind, or has what Contour gets, may give it; who lacks one right of it is told which', async () => {
  const escalates = ({ verb }: AccessQuestion) => ['escalate', 'bind'].includes(verb);
  const isIngress = ({ resource }: AccessQuestion) => resource === 'ingresses';
  expect((await lacking(escalates)).needed).toBeUndefined();
  expect((await lacking(isIngress)).needed).toBeUndefined();
  expect((await lacking((question) => escalates(question) || isIngress(question))).needed).toBe(
    "give Contour's roles rights of which it has none (get/list/watch ingresses, get/create/update ingresses/status) without escalate/bind clusterroles, escalate/bind roles",
  );
});

test('somebody who may do nothing gets a line that can be read', async () => {
  const { needed = '' } = await findMissingRights(asking(() => false).kube);
  expect(needed).toMatch(
    /^get\/list\/create\/patch\/delete\/update\/watch customresourcedefinitions, .* and \d+ more; give Contour's roles .* and \d+ more\) without escalate\/bind clusterroles, escalate\/bind roles$/,
  );
});
