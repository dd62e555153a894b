import { findEntry, modelOf } from './model.ts';
import { isEntry, kubeconfigError, parseKubeconfig } from './parse.ts';

/** Credentials that a program fetches. */
const fetched: readonly string[] = ['exec', 'auth-provider'];

const useToken =
  'that program and its login may be missing for other users of this file: give the context a user with a certificate, or with a token such as `kubectl create token` makes';

/**
 * Throws UserError `usage.kubeconfig` if a program fetches the credentials of the current context: the Kubernetes client
 * would run it.
 */
export const verifyNoPrograms = async (text: string, what: string): Promise<void> => {
  const sources = [{ file: parseKubeconfig(text, what, useToken), folder: '/' }];
  const config = await modelOf(sources);
  const name = config.getContextObject(config.getCurrentContext())?.user;
  const user = name === undefined ? undefined : findEntry(sources, 'users', name)?.entry.user;
  const program = isEntry(user) ? fetched.find((one) => one in user) : undefined;
  if (!program) return;
  throw kubeconfigError(
    `${what}: user '${name}' gets its credentials from a program, which is not run: ${program}`,
    useToken,
  );
};
