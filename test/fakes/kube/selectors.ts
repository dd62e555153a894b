import type { KubeObject, Selection } from '../../../src/lib/kube/types.ts';
import { kindOf, refusal } from './names.ts';

const termsOf = (selector = ''): readonly string[] => selector.split(',').filter(Boolean);

type Predicate = (object: KubeObject) => boolean;

const labelTerm = (term: string): Predicate => {
  const [, not, key = '', operator, value] = /^(!?)([\w./-]+)(?:(==|=|!=)([\w.-]*))?$/.exec(term) ?? [];
  if (!key || (not && operator)) throw new Error(`the fake does not know the label selector ${term}`);
  return ({ metadata: { labels = {} } }) => {
    if (operator === undefined) return (labels[key] !== undefined) !== Boolean(not);
    return (labels[key] === value) === (operator !== '!=');
  };
};

/** Beside the name and namespace of every kind (kubernetes v1.34, pkg/registry: the strategies' ToSelectableFields). */
const selectable: Readonly<Record<string, readonly string[]>> = {
  'v1/Pod': ['spec.nodeName', 'spec.restartPolicy', 'spec.serviceAccountName', 'status.phase', 'status.podIP'],
  'v1/Event': [
    ...['kind', 'namespace', 'name', 'uid'].map((field) => `involvedObject.${field}`),
    ...['reason', 'type', 'reportingComponent'],
  ],
  'v1/Namespace': ['status.phase'],
  'v1/Secret': ['type'],
};

const valueAt = (object: unknown, path: string): string => {
  const found = path
    .split('.')
    .reduce<unknown>((value, key) => (value as Readonly<Record<string, unknown>> | undefined)?.[key], object);
  return found === undefined ? '' : String(found);
};

const fieldTerm = (term: string, kind: string): Predicate => {
  const [, path = '', operator, value] = /^([\w.]+?)(==|=|!=)(.*)$/.exec(term) ?? [];
  if (!operator) throw new Error(`the fake does not know the field selector ${term}`);
  if (!['metadata.name', 'metadata.namespace', ...(selectable[kind] ?? [])].includes(path)) {
    throw refusal(400, 'BadRequest', `field label not supported: ${path}`);
  }
  return (object) => (valueAt(object, path) === value) === (operator !== '!=');
};

/** Tells which objects a selection is about. Throws the API server's refusal of a field that it does not select by. */
export const selecting = (selection: Selection): Predicate => {
  const { namespace, name, labelSelector, fieldSelector } = selection;
  const kind = kindOf(selection);
  const terms = [
    ...termsOf(labelSelector).map(labelTerm),
    ...termsOf(fieldSelector).map((term) => fieldTerm(term, kind)),
  ];
  return (object) =>
    kindOf(object) === kind &&
    (!namespace || object.metadata.namespace === namespace) &&
    (!name || object.metadata.name === name) &&
    terms.every((isMet) => isMet(object));
};
