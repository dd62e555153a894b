import type { Kube } from '../../lib/kube/client.ts';
import type { KubeObject } from '../../lib/kube/types.ts';
import { type MasterScope, masterRights, type Right } from './rights.ts';

type Attributes = Readonly<Record<'verb' | 'group' | 'resource', string>> & {
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
};

/** A `SelfSubjectAccessReview`; the API server fills in its status. */
export type AccessReview = KubeObject & {
  readonly spec: { readonly resourceAttributes: Attributes };
  readonly status?: { readonly allowed: boolean; readonly reason?: string };
};

/** One verb of one right, with the request to the API server. */
export type RightCheck = { readonly right: Right; readonly verb: string; readonly review: AccessReview };

export type RightAnswer = RightCheck & { readonly isAllowed: boolean };

/** A missing right. A warning is about a right that the master works without. */
export type RightFinding = {
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly hint: string;
};

const objectOf = ({ scope }: Right, { taskNamespace, gateway }: MasterScope) => {
  if (scope === 'cluster') return {};
  return scope === 'tasks' ? { namespace: taskNamespace } : { namespace: gateway.namespace, name: gateway.name };
};

const attributesOf = (right: Right, verb: string, place: MasterScope): Attributes => {
  const [resource = '', subresource] = right.resource.split('/');
  return { verb, group: right.group, resource, ...(subresource && { subresource }), ...objectOf(right, place) };
};

/** The access reviews for all rights of a master, one for each verb. */
export const rightsChecks = (place: MasterScope): readonly RightCheck[] =>
  masterRights.flatMap((right) =>
    Object.keys(right.verbs).map((verb) => ({
      right,
      verb,
      review: {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        metadata: { name: '' }, // a review has no name; the API server refuses one
        spec: { resourceAttributes: attributesOf(right, verb, place) },
      },
    })),
  );

const whereOf = ({ namespace, name }: Attributes): string => {
  if (namespace === undefined) return 'in the whole cluster';
  return name === undefined ? `in namespace ${namespace}` : `on ${namespace}/${name}`;
};

const judge = ({ right, verb, review }: RightCheck): RightFinding => {
  const kind = right.group === '' ? right.resource : `${right.resource}.${right.group}`;
  return {
    severity: right.isOptional ? 'warning' : 'error',
    message: `the master's account may not ${verb} ${kind} ${whereOf(review.spec.resourceAttributes)}: ${right.verbs[verb]}`,
    hint: "give it the roles in taskgate's manifest for a master, or use the account of that manifest",
  };
};

/** The missing rights with their effects; errors come first. */
export const judgeRights = (answers: readonly RightAnswer[]): readonly RightFinding[] => {
  const missing = answers.filter(({ isAllowed }) => !isAllowed).map(judge);
  return missing.toSorted((a, b) => a.severity.localeCompare(b.severity));
};

/** Asks the API server whether the account of this connection has all rights of a master. */
export const checkRights = async (kube: Kube, place: MasterScope): Promise<readonly RightFinding[]> => {
  const answers = rightsChecks(place).map(async (check) => {
    const { status } = await kube.create(check.review);
    return { ...check, isAllowed: status?.allowed === true };
  });
  return judgeRights(await Promise.all(answers));
};
