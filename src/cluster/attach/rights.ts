import { type AccessQuestion, isAllowed } from '../../lib/kube/access-review.ts';
import type { Kube } from '../../lib/kube/client.ts';
import { gatewayGroup } from '../../model/gateway-api.ts';

/** Verbs on resources of one API group. */
type Right = { readonly group: string; readonly resources: readonly string[]; readonly verbs: readonly string[] };

const look = ['get', 'list'] as const;
/** Server-side apply creates with `create`, and changes with `patch`. */
const manage = [...look, 'create', 'patch', 'delete'] as const;
const rbac = 'rbac.authorization.k8s.io';

/**
 * Everything that taskgate does in a cluster that it did not make, installing, proving and removing: without one of these it
 * would stop half-way. The test runs those parts and compares.
 */
export const neededRights: readonly Right[] = [
  { group: 'apiextensions.k8s.io', resources: ['customresourcedefinitions'], verbs: [...manage, 'update', 'watch'] },
  { group: '', resources: ['namespaces', 'serviceaccounts'], verbs: [...manage, 'watch'] },
  { group: '', resources: ['services'], verbs: [...manage, 'update', 'watch'] },
  { group: '', resources: ['services/status'], verbs: ['patch'] },
  { group: '', resources: ['secrets', 'configmaps'], verbs: ['list', 'create', 'delete'] },
  { group: '', resources: ['pods'], verbs: [...look, 'watch', 'create', 'delete'] },
  { group: '', resources: ['pods/log', 'pods/proxy'], verbs: ['get'] },
  { group: '', resources: ['nodes', 'events'], verbs: ['list', 'watch'] },
  { group: 'discovery.k8s.io', resources: ['endpointslices'], verbs: ['list'] },
  { group: 'apps', resources: ['deployments'], verbs: [...manage, 'watch'] },
  { group: 'batch', resources: ['jobs'], verbs: [...look, 'watch', 'create', 'delete'] },
  { group: rbac, resources: ['clusterroles', 'clusterrolebindings', 'roles', 'rolebindings'], verbs: manage },
  { group: 'projectcontour.io', resources: ['contourdeployments'], verbs: manage },
  { group: gatewayGroup, resources: ['gatewayclasses'], verbs: [...manage, 'watch'] },
  { group: gatewayGroup, resources: ['gateways'], verbs: [...manage, 'update', 'watch'] },
  { group: gatewayGroup, resources: ['tcproutes'], verbs: [...look, 'watch', 'create', 'delete'] },
];

/** What only makes the Gateway faster, or a check more exact: without them there is a note. */
export const optionalRights: readonly Right[] = [
  {
    group: 'admissionregistration.k8s.io',
    resources: ['mutatingadmissionpolicies', 'mutatingadmissionpolicybindings'],
    verbs: ['list', 'create', 'patch', 'delete'],
  },
];

const questionsOf = (rights: readonly Right[]): readonly AccessQuestion[] =>
  rights.flatMap(({ group, resources, verbs }) =>
    resources.flatMap((resource) => verbs.map((verb) => ({ group, resource, verb }))),
  );

/** Each is a connection where requests run side by side. */
const mostAtOnce = 8;

const findMissing = async (kube: Kube, rights: readonly Right[]): Promise<readonly AccessQuestion[]> => {
  const open = [...questionsOf(rights)];
  const missing: AccessQuestion[] = [];
  const ask = async (): Promise<void> => {
    for (let question = open.shift(); question; question = open.shift()) {
      if (!(await isAllowed(kube, question))) missing.push(question);
    }
  };
  await Promise.all(Array.from({ length: mostAtOnce }, ask));
  return missing;
};

const mostNamed = 8;

/** `create/patch clusterroles, delete jobs and 3 more`. */
const describe = (missing: readonly AccessQuestion[]): string => {
  const lines = [...new Set(missing.map(({ resource }) => resource))].map((name) => {
    const verbs = missing.filter(({ resource }) => resource === name).map(({ verb }) => verb);
    return `${verbs.join('/')} ${name}`;
  });
  const more = lines.length - mostNamed;
  return `${lines.slice(0, mostNamed).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
};

/** What the user of a connection lacks, as text; undefined for nothing. An administrator is known by one question. */
export type MissingRights = { readonly needed: string | undefined; readonly optional: string | undefined };

export const findMissingRights = async (kube: Kube): Promise<MissingRights> => {
  if (await isAllowed(kube, { verb: '*', group: '*', resource: '*' }))
    return { needed: undefined, optional: undefined };
  const [needed, optional] = [await findMissing(kube, neededRights), await findMissing(kube, optionalRights)];
  return {
    needed: needed.length > 0 ? describe(needed) : undefined,
    optional: optional.length > 0 ? describe(optional) : undefined,
  };
};
