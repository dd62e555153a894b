import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { AccessQuestion } from '../../../src/lib/kube/access-review.ts';
import type { Kube } from '../../../src/lib/kube/client.ts';
import type { KubeObject } from '../../../src/lib/kube/types.ts';
import { masterRights } from '../../../src/master/account/rights.ts';
import { checkRights, judgeRights, rightsChecks } from '../../../src/master/account/rights-check.ts';
import { fakeKube, refusal } from '../../fakes/kube.ts';

const place = { taskNamespace: 'team', gateway: { name: 'contour', namespace: 'projectcontour' } };
const checks = rightsChecks(place);

const lineOf = ({ verb, group, resource, namespace, name }: AccessQuestion): string => {
  const where = namespace ? ` ${namespace}${name ? `/${name}` : ''}` : '';
  return `${verb} ${group ? `${resource}.${group}` : resource}${where}`;
};

type Review = { readonly spec: { readonly resourceAttributes: AccessQuestion & { readonly subresource?: string } } };

const lineIn = ({ spec: { resourceAttributes: asked } }: Review): string =>
  lineOf({ ...asked, resource: [asked.resource, asked.subresource].filter(Boolean).join('/') });

test('asks for all that a master uses, where it uses it, and for nothing else', () => {
  expect(checks.map(({ question }) => lineOf(question)).toSorted()).toEqual(
    [
      'list jobs.batch',
      'list pods',
      'list nodes',
      'watch nodes',
      'patch nodes',
      'create priorityclasses.scheduling.k8s.io',
      'delete priorityclasses.scheduling.k8s.io',
      'get namespaces team',
      'list pods team',
      'watch pods team',
      'delete pods team',
      'get pods/log team',
      'watch jobs.batch team',
      'create jobs.batch team',
      'delete jobs.batch team',
      'list configmaps team',
      'create configmaps team',
      'delete configmaps team',
      'list events team',
      'watch events team',
      'list services team',
      'create services team',
      'delete services team',
      'list tcproutes.gateway.networking.k8s.io team',
      'create tcproutes.gateway.networking.k8s.io team',
      'delete tcproutes.gateway.networking.k8s.io team',
      'get gateways.gateway.networking.k8s.io projectcontour/contour',
      'update gateways.gateway.networking.k8s.io projectcontour/contour',
    ].toSorted(),
  );
});

test.each(
  masterRights.flatMap(({ resource, verbs }) =>
    Object.entries(verbs).map(([verb, need]) => [`${verb} ${resource}`, need] as const),
  ),
)('%s: says which call of the master needs it, and what is without', (_, { call, without }) => {
  expect(call).toMatch(/^\S.{8,}$/);
  expect(without).toMatch(/^\S.{8,}$/);
});

test('the table of docs/determined.md has each right with its call and its effect, and no other', () => {
  const text = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'determined.md'), 'utf8');
  const where = { cluster: 'cluster', tasks: 'task namespace', gateway: "Gateway's namespace" };
  const rows = masterRights.flatMap(({ scope, group, resource, verbs, isOptional }) =>
    Object.entries(verbs).map(([verb, { call, without }]) => {
      const right = `${resource}${group ? `.${group}` : ''}: ${verb}${isOptional ? ' (optional)' : ''}`;
      return `| ${where[scope]} | ${right} | ${call} | ${without} |`;
    }),
  );
  const written = text.split('\n').filter((line) => /^\| (cluster|task namespace|Gateway's namespace) \|/.test(line));
  expect(written).toEqual(rows);
});

test('no right is asked for twice', () => {
  const names = masterRights.flatMap(({ scope, group, resource, verbs }) =>
    Object.keys(verbs).map((verb) => [scope, group, resource, verb].join(' ')),
  );
  expect(new Set(names).size).toBe(names.length);
});

/** Answers reviews as an API server does; it keeps none of them. */
const reviewer = (isAllowed: (line: string) => boolean) => {
  const asked: string[] = [];
  const kube: Kube = {
    ...fakeKube().kube,
    create: async <T extends KubeObject>(object: T) => {
      const line = lineIn(object as unknown as Review);
      asked.push(line);
      return { ...object, status: { allowed: isAllowed(line) } };
    },
  };
  return { kube, asked };
};

test('an account that may all is fine, and every question was asked', async () => {
  const { kube, asked } = reviewer(() => true);
  expect(await checkRights(kube, place)).toEqual([]);
  expect(asked).toHaveLength(checks.length);
});

test.each([
  ['list jobs.batch', 'error', 'list jobs.batch in the whole cluster: the master does not start'],
  ['get pods/log team', 'error', 'get pods/log in namespace team: tasks stay in STARTING'],
  ['watch jobs.batch team', 'error', 'watch jobs.batch in namespace team: a killed task stays RUNNING'],
  [
    'update gateways.gateway.networking.k8s.io projectcontour/contour',
    'error',
    'update gateways.gateway.networking.k8s.io on projectcontour/contour: every task',
  ],
  ['watch nodes', 'warning', 'watch nodes in the whole cluster: '],
  ['patch nodes', 'warning', 'patch nodes in the whole cluster: no node can be disabled'],
  ['delete pods team', 'error', 'delete pods in namespace team: pods of failed tasks'],
])('without %s: %s', async (missing, severity, message) => {
  const { kube } = reviewer((line) => line !== missing);
  expect(await checkRights(kube, place)).toEqual([
    {
      severity,
      message: expect.stringContaining(`the master's account may not ${message}`),
      hint: expect.stringContaining("roles in taskgate's manifest"),
    },
  ]);
});

test.each(
  checks.map((check) => [lineOf(check.question), check] as const),
)('%s is missed by its own name', (_, check) => {
  const findings = judgeRights(checks.map((one) => ({ ...one, isAllowed: one !== check })));
  expect(findings.map(({ message }) => message)).toEqual([
    expect.stringMatching(new RegExp(`may not ${check.verb} ${check.right.resource}.*: .{10,}`)),
  ]);
});

test('an account that may nothing has all errors before the warnings', async () => {
  const { kube } = reviewer(() => false);
  const severities = (await checkRights(kube, place)).map(({ severity }) => severity);
  expect(severities).toHaveLength(checks.length);
  expect(severities.indexOf('warning')).toBe(severities.lastIndexOf('error') + 1);
});

test('a refused request is not reported as a missing right', async () => {
  const kube: Kube = { ...fakeKube().kube, create: () => Promise.reject(refusal(401, 'Unauthorized', 'Unauthorized')) };
  await expect(checkRights(kube, place)).rejects.toThrow('Unauthorized');
});
