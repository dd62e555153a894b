import type { Kube } from './client.ts';
import type { KubeObject } from './types.ts';

/** A verb on a resource, such as `services/status`. Without a namespace in all of them, without a name on every object. */
export type AccessQuestion = {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly namespace?: string;
  readonly name?: string;
};

type AccessReview = KubeObject & { readonly spec: object; readonly status?: { readonly allowed?: boolean } };

const reviewOf = ({ resource: text, ...question }: AccessQuestion): AccessReview => {
  const [resource, subresource] = text.split('/');
  return {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    metadata: { name: '' }, // a review has no name; the API server refuses any other
    spec: { resourceAttributes: { ...question, resource, ...(subresource && { subresource }) } },
  };
};

/** Asks the API server whether the account of this connection may do it. */
export const isAllowed = async (kube: Kube, question: AccessQuestion): Promise<boolean> =>
  (await kube.create(reviewOf(question))).status?.allowed === true;
