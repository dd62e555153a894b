import { readFile } from 'node:fs/promises';
import { connect, type Kube } from '../lib/kube/client.ts';
import type { HttpOptions } from '../lib/kube/http.ts';
import { loadKubeconfig } from '../lib/kube/kubeconfig/load.ts';
import { hasPlugin, withUserOf } from '../lib/kube/kubeconfig/plugin.ts';
import type { AttachTarget } from './record.ts';

/** The cluster of an instance, and where the user's own context of it is, if it is attached. */
export type AccessInput = {
  readonly kubeconfigPath: string;
  readonly kubeContext: string;
  readonly attach?: AttachTarget | undefined;
};

/** What {@link connect} and `portForwarder` need. */
export type Access = { readonly kubeconfig: string; readonly kubeContext: string; readonly options: HttpOptions };

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the instance's kubeconfig. That of an attached cluster may get its credentials from a program: then the user and its
 * exec plugin are read from the user's own kubeconfig again, since no program is run that a file of the instance names. A
 * proxy of the environment counts for an attached cluster only: the others run on this host. Throws UserError
 * `usage.kubeconfig`.
 */
export const readAccess = async (input: AccessInput, env: Environment): Promise<Access> => {
  const { kubeconfigPath, kubeContext, attach } = input;
  const kubeconfig = await readFile(kubeconfigPath, 'utf8');
  if (!attach) return { kubeconfig, kubeContext, options: {} };
  if (!hasPlugin(kubeconfig)) return { kubeconfig, kubeContext, options: { env } };
  const users = await loadKubeconfig(attach.kubeconfigPaths, attach.context);
  return { kubeconfig: withUserOf(kubeconfig, users), kubeContext, options: { env, runsPrograms: true } };
};

/** Connects to the instance's cluster; see {@link readAccess}. `patienceMs` as for {@link connect}. */
export const openAccess = async (input: AccessInput, env: Environment, patienceMs?: number): Promise<Kube> => {
  const { kubeconfig, kubeContext, options } = await readAccess(input, env);
  return connect(kubeconfig, kubeContext, { ...options, patienceMs });
};
