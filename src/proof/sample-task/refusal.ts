import { UserError } from '../../lib/errors.ts';
import { isConflict, KubeError } from '../../lib/kube/client.ts';
import type { Finding } from '../../model/path.ts';

const explanations: readonly (readonly [RegExp, (match: RegExpMatchArray) => Finding])[] = [
  [
    /Too many: \d+: must have at most (\d+) items?/,
    ([, limit]) => ({
      cause: `the Gateway CRD allows at most ${limit} listeners: no room for the sample task`,
      hint: 'raise maxItems of listeners in spec and status of the CRD (taskgate up does), or end tasks',
    }),
  ],
  [
    /no TCPRoute in|tcproutes.* could not find|could not find the requested resource/,
    () => ({
      cause: 'the API server does not serve TCPRoute v1alpha2',
      hint: 'install the Gateway API CRDs of the experimental channel that come with Contour',
    }),
  ],
  [
    /gateways\S* "(.+)" not found/,
    ([, name]) => ({ cause: `Gateway ${name} does not exist`, hint: 'create it first: taskgate up' }),
  ],
  [
    /namespaces "(.+)" not found/,
    ([, name]) => ({ cause: `namespace ${name} does not exist`, hint: 'create it, or choose another task namespace' }),
  ],
  [
    /is forbidden/,
    ([message]) => ({
      cause: message,
      hint: 'grant these rights, which the master needs, too: gateways get and update; jobs, services, tcproutes list, create and delete; pods list and watch',
    }),
  ],
];

/** What the API server (or the port range) refused, and what to do; undefined for any other error. */
export const findRefusal = (error: unknown): Finding | undefined => {
  if (!(error instanceof KubeError)) {
    return error instanceof UserError ? { cause: error.message, hint: error.hint ?? '' } : undefined;
  }
  const { message: cause } = error;
  if (isConflict(error)) return { cause, hint: 'another client keeps changing the Gateway; find it, then try again' };
  for (const [pattern, explain] of explanations) {
    const match = cause.match(pattern);
    if (match) return { ...explain(match), ...(error.code === 403 && { cause }) };
  }
  return { cause, hint: 'fix what the API server reports, then try again' };
};
