import type { Kube } from '../../lib/kube/client.ts';
import type { KubeObject, ObjectMeta } from '../../lib/kube/types.ts';
import { waitUntil } from '../../lib/wait.ts';

type Secret = KubeObject & { readonly data?: Readonly<Record<string, string>> };

const tokenOf = (secrets: readonly Secret[]): string | undefined => secrets[0]?.data?.['token'];

/**
 * Waits for the token that the controller manager writes into an account's Secret. Throws UserError
 * `cluster.no-account-token` at the deadline.
 */
export const waitForAccountToken = async (
  kube: Kube,
  { name, namespace }: Required<Pick<ObjectMeta, 'name' | 'namespace'>>,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal?: AbortSignal },
): Promise<string> => {
  const secrets = await waitUntil(
    `Token of service account ${namespace}/${name}`,
    (until) => kube.watch<Secret>({ apiVersion: 'v1', kind: 'Secret', namespace, name }, until),
    (seen) => (tokenOf(seen) ? true : seen.length === 0 ? 'it has no Secret' : 'its Secret is empty'),
    {
      timeoutMs,
      id: 'cluster.no-account-token',
      hint: 'does the ServiceAccount exist, and does the controller manager run?',
      signal,
    },
  );
  return Buffer.from(tokenOf(secrets) ?? '', 'base64').toString();
};
