// Tested in test/lib/kube/http.test.ts
import { certificateProblems } from '../certificate-problems.ts';
import { ownValue } from '../defined.ts';
import { messageOf, UserError } from '../errors.ts';
import { ProxyError } from '../http/proxied.ts';
import type { OpenedKubeconfig } from './kubeconfig/open.ts';

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

/** The first of several addresses' failures says as much as all. */
const firstOf = (error: unknown): unknown => (error instanceof AggregateError ? (error.errors[0] ?? error) : error);

/** For a connection that nobody takes. */
export const notRunningHint = 'does the cluster run? see: taskgate status';

type Words = { readonly message: string; readonly hint: string };

const explain = ({ server, proxy }: OpenedKubeconfig, error: unknown): Words => {
  const { hostname } = new URL(server);
  if (error instanceof ProxyError) {
    return {
      message: `the API server at ${server} is not reached: ${error.message}`,
      hint: `that proxy is ${proxy?.by}; is it right and running? To go without it: NO_PROXY=${hostname}, or no proxy-url`,
    };
  }
  const problem = ownValue(certificateProblems, codeOf(error));
  if (problem !== undefined) {
    return {
      message: `the API server at ${server} shows a certificate that ${problem} (${messageOf(error)})`,
      hint: 'something answers there: its CA belongs in certificate-authority-data of the kubeconfig, its name in tls-server-name; is it the cluster that you mean?',
    };
  }
  if (codeOf(error) === 'EPROTO' || codeOf(error).startsWith('ERR_SSL')) {
    return {
      message: `the API server at ${server} cannot be spoken to: ${messageOf(error)}`,
      hint: 'what answers there speaks no TLS, or refuses the client certificate: is it http://, or another port?',
    };
  }
  return {
    message: `the API server at ${server} does not answer: ${messageOf(error)}`,
    hint: notRunningHint,
  };
};

/** A failed connection to the API server as UserError `cluster.api`; a UserError stays as it is. */
export const unreachable = (opened: OpenedKubeconfig, error: unknown): UserError => {
  const first = firstOf(error);
  if (first instanceof UserError) return first;
  const { message, hint } = explain(opened, first);
  return new UserError(message, { id: 'cluster.api', hint, cause: error });
};
