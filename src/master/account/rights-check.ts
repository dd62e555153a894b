import { type AccessQuestion, isAllowed } from '../../lib/kube/access-review.ts';
import type { Kube } from '../../lib/kube/client.ts';
import { type MasterScope, masterRights, type Right } from './rights.ts';

/** One verb of one right, with the question to the API server. */
export type RightCheck = { readonly right: Right; readonly verb: string; readonly question: AccessQuestion };

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

/** The questions for all rights of a master, one for each verb. */
export const rightsChecks = (place: MasterScope): readonly RightCheck[] =>
  masterRights.flatMap((right) =>
    Object.keys(right.verbs).map((verb) => ({
      right,
      verb,
      question: { verb, group: right.group, resource: right.resource, ...objectOf(right, place) },
    })),
  );

const whereOf = ({ namespace, name }: AccessQuestion): string => {
  if (namespace === undefined) return 'in the whole cluster';
  return name === undefined ? `in namespace ${namespace}` : `on ${namespace}/${name}`;
};

const judge = ({ right, verb, question }: RightCheck): RightFinding => {
  const kind = right.group === '' ? right.resource : `${right.resource}.${right.group}`;
  return {
    severity: right.isOptional ? 'warning' : 'error',
    message: `the master's account may not ${verb} ${kind} ${whereOf(question)}: ${right.verbs[verb]?.without} (needed for ${right.verbs[verb]?.call})`,
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
  const answers = rightsChecks(place).map(async (check) => ({
    ...check,
    isAllowed: await isAllowed(kube, check.question),
  }));
  return judgeRights(await Promise.all(answers));
};
