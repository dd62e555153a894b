import { setTimeout as pause } from 'node:timers/promises';
import { messageOf, UserError } from '../../lib/errors.ts';
import { connect, type Kube, KubeError } from '../../lib/kube/client.ts';
import { describeRef } from '../../lib/kube/shapes.ts';
import type { KubeObject } from '../../lib/kube/types.ts';
import { masterAccount, masterAccountObjects } from '../../master/account/rbac.ts';
import type { MasterScope } from '../../master/account/rights.ts';
import { checkRights, type RightFinding } from '../../master/account/rights-check.ts';
import { waitForAccountToken } from '../../master/account/token.ts';
import { type InstanceIdentity, instanceLabel, isOfInstance } from '../../model/labels.ts';

const verifyOurs = async (kube: Kube, object: KubeObject, owner: InstanceIdentity): Promise<void> => {
  const existing = await kube.find(object);
  if (!existing || isOfInstance(existing, owner)) return;
  const { instance } = owner;
  const isNamesake = existing.metadata.labels?.[instanceLabel] === instance;
  const whose = isNamesake
    ? `of another instance ${instance}, of another user or folder`
    : `not of instance ${instance}`;
  throw new UserError(`${describeRef(object)} is there already and is ${whose}`, {
    id: 'cluster.not-ours',
    hint: 'remove it, or use another --name for this instance',
  });
};

/** Throws UserError `cluster.refused` for what the API server does not let this kubeconfig do. */
const applied = async (kube: Kube, object: KubeObject): Promise<void> => {
  try {
    await kube.apply(object);
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    throw new UserError(`the API server refuses ${describeRef(object)}: ${error.message}`, {
      id: 'cluster.refused',
      hint: 'the kubeconfig of the instance must be that of an administrator, and both namespaces must exist',
      cause: error,
    });
  }
};

type Wait = { readonly timeoutMs: number; readonly signal: AbortSignal };

/**
 * Makes the account of an instance for its master, or makes it as it should be, and gives its name and token. Throws
 * UserError `cluster.not-ours`, `cluster.refused` and `cluster.no-account-token`.
 */
export const ensureMasterAccount = async (
  kube: Kube,
  { owner, place }: { readonly owner: InstanceIdentity; readonly place: MasterScope },
  wait: Wait,
): Promise<{ readonly name: string; readonly namespace: string; readonly token: string }> => {
  const account = masterAccount(owner.instance, place);
  const objects = masterAccountObjects(owner, place);
  await Promise.all(objects.map((object) => verifyOurs(kube, object, owner)));
  const [serviceAccount, ...others] = objects;
  // a token Secret that comes before its account is removed by the cluster
  if (serviceAccount) await applied(kube, serviceAccount);
  await Promise.all(others.map((object) => applied(kube, object)));
  return { ...account, token: await waitForAccountToken(kube, account, wait) };
};

/** Errors of the Kubernetes client are about the kubeconfig: no YAML, a file or program in it that is not there. */
const explained = (error: unknown): UserError => {
  if (!(error instanceof KubeError)) {
    if (error instanceof UserError) return error;
    // a YAML error goes on with an excerpt, which may hold a token
    const message = `the kubeconfig cannot be used: ${messageOf(error).split('\n')[0]}`;
    return new UserError(message, { id: 'usage.kubeconfig', hint: 'fix it, or name another one', cause: error });
  }
  return new UserError(`the API server refuses the account of this kubeconfig: ${error.message}`, {
    id: 'environment.master-account',
    hint: 'are its credentials those of this cluster, and not expired?',
    cause: error,
  });
};

/**
 * What a master with this kubeconfig may not do and should. Throws UserError `environment.master-account` where the
 * cluster does not know the account, and `usage.kubeconfig`.
 */
export const checkMasterAccount = async (kubeconfig: string, place: MasterScope): Promise<readonly RightFinding[]> => {
  try {
    return await checkRights(connect(kubeconfig), place);
  } catch (error) {
    throw explained(error);
  }
};

/** API servers learn of new accounts and roles a moment after these are written. */
const pausesMs = [200, 400, 800, 1_600] as const;

const isUnknownYet = (error: unknown): boolean =>
  error instanceof UserError && error.id === 'environment.master-account';

/** The same for an account that was made just now. */
export const checkNewAccount = async (
  kubeconfig: string,
  place: MasterScope,
  signal: AbortSignal,
): Promise<readonly RightFinding[]> => {
  for (const pauseMs of pausesMs) {
    const findings = await checkMasterAccount(kubeconfig, place).catch((error: unknown) => {
      if (!isUnknownYet(error)) throw error;
      return undefined;
    });
    if (findings?.length === 0) return findings;
    await pause(pauseMs, undefined, { signal });
  }
  return checkMasterAccount(kubeconfig, place);
};
