import { type AccessQuestion, isAllowed } from '../../lib/kube/access-review.ts';
import type { Kube } from '../../lib/kube/client.ts';
import { gatewayGroup } from '../../model/gateway-api.ts';
import { contourRights, escalation, type Right } from './contour-rights.ts';

const look = ['get', 'list'] as const;
/** Server-side apply creates with `create`, and changes with `patch`. */
const manage = [...look, 'create', 'patch', 'delete'] as const;
const rbac = 'rbac.authorization.k8s.io';
const admission = 'admissionregistration.k8s.io';

/**
 * Everything that taskgate does in a cluster that it did not make, installing, proving and removing: without one of these it
 * would stop half-way. The tests run those parts and compare; an account with just these rights does them on an API server.
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
  { group: 'apps', resources: ['daemonsets'], verbs: ['list', 'watch', 'delete'] },
  { group: 'batch', resources: ['jobs'], verbs: [...look, 'watch', 'create', 'delete'] },
  { group: 'coordination.k8s.io', resources: ['leases'], verbs: ['delete'] },
  { group: 'networking.k8s.io', resources: ['networkpolicies'], verbs: manage },
  { group: rbac, resources: ['clusterroles', 'clusterrolebindings', 'roles', 'rolebindings'], verbs: manage },
  { group: 'projectcontour.io', resources: ['contourdeployments'], verbs: manage },
  { group: 'projectcontour.io', resources: ['contourconfigurations'], verbs: ['list', 'delete'] },
  {
    group: 'projectcontour.io',
    resources: ['extensionservices', 'httpproxies', 'tlscertificatedelegations'],
    verbs: ['list'],
  },
  { group: gatewayGroup, resources: ['gatewayclasses'], verbs: [...manage, 'watch'] },
  { group: gatewayGroup, resources: ['gateways'], verbs: [...manage, 'update', 'watch'] },
  { group: gatewayGroup, resources: ['tcproutes'], verbs: [...look, 'watch', 'create', 'delete'] },
  // a CRD is removed with all its objects, so it is looked whether there are any
  {
    group: gatewayGroup,
    resources: ['backendtlspolicies', 'grpcroutes', 'httproutes', 'referencegrants', 'tlsroutes', 'udproutes'],
    verbs: ['list'],
  },
  { group: 'gateway.networking.x-k8s.io', resources: ['xbackendtrafficpolicies', 'xlistenersets'], verbs: ['list'] },
];

type OptionalRight = Right & {
  /** What it is like without. */
  readonly without: string;
};

/** What only makes the Gateway faster, a check more exact or the removal more complete: without them there is a note. */
export const optionalRights: readonly OptionalRight[] = [
  {
    group: admission,
    resources: ['mutatingadmissionpolicies', 'mutatingadmissionpolicybindings'],
    verbs: manage,
    without: 'the Gateway works without, and is slower at many tasks',
  },
  {
    group: admission,
    resources: ['validatingadmissionpolicies'],
    verbs: ['get'],
    without: 'a policy that denies CRDs of the Gateway API is noticed only when they are written',
  },
  {
    group: '*',
    resources: ['*'],
    verbs: ['list'],
    without: '`taskgate down` cannot see whether others use a namespace that it made, and leaves it',
  },
];

const questionsOf = (rights: readonly Right[]): readonly AccessQuestion[] =>
  rights.flatMap(({ group, resources, verbs }) =>
    resources.flatMap((resource) => verbs.map((verb) => ({ group, resource, verb }))),
  );

/** Each is a connection where requests run side by side. */
const mostAtOnce = 8;

const findMissing = async (kube: Kube, rights: readonly Right[]): Promise<readonly AccessQuestion[]> => {
  const questions = questionsOf(rights);
  const open = [...questions];
  const missing = new Set<AccessQuestion>();
  const ask = async (): Promise<void> => {
    for (let question = open.shift(); question; question = open.shift()) {
      if (!(await isAllowed(kube, question))) missing.add(question);
    }
  };
  await Promise.all(Array.from({ length: mostAtOnce }, ask));
  return questions.filter((question) => missing.has(question));
};

const mostNamed = 8;

const nameOf = ({ group, resource }: AccessQuestion): string => (group === '*' ? `${resource}.${group}` : resource);

/** `create/patch clusterroles, delete jobs and 3 more`; undefined for nothing. */
const describe = (missing: readonly AccessQuestion[]): string | undefined => {
  if (missing.length === 0) return undefined;
  const lines = [...new Set(missing.map(nameOf))].map((name) => {
    const verbs = missing.filter((question) => nameOf(question) === name).map(({ verb }) => verb);
    return `${verbs.join('/')} ${name}`;
  });
  const more = lines.length - mostNamed;
  return `${lines.slice(0, mostNamed).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
};

/** What Contour's roles allow, which only somebody with these rights, or with `escalate` and `bind`, may give. */
const describeGrants = async (kube: Kube): Promise<string | undefined> => {
  const escalating = describe(await findMissing(kube, [escalation]));
  const own = escalating && describe(await findMissing(kube, contourRights));
  return own && `give Contour's roles rights of which it has none (${own}) without ${escalating}`;
};

/** What the user of a connection lacks, as text; undefined or no line for nothing. */
export type MissingRights = { readonly needed: string | undefined; readonly optional: readonly string[] };

/** Asks the API server about each right; an administrator is known by one question. Changes nothing. */
export const findMissingRights = async (kube: Kube): Promise<MissingRights> => {
  if (await isAllowed(kube, { verb: '*', group: '*', resource: '*' })) return { needed: undefined, optional: [] };
  const parts = [describe(await findMissing(kube, neededRights)), await describeGrants(kube)];
  const optional: string[] = [];
  for (const right of optionalRights) {
    const missing = describe(await findMissing(kube, [right]));
    if (missing) optional.push(`${missing}: ${right.without}`);
  }
  return { needed: parts.filter((part) => part !== undefined).join('; ') || undefined, optional };
};
