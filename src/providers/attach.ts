import { homedir } from 'node:os';
import { type AttachTools, attach } from '../cluster/attach/attach.ts';
import type { ClusterProvider } from '../cluster/provider.ts';
import type { Config } from '../config/config.ts';
import type { AttachTarget } from '../instance/record.ts';
import { UserError } from '../lib/errors.ts';
import { connect } from '../lib/kube/client.ts';
import { kubeconfigPaths } from '../lib/kube/kubeconfig/paths.ts';
import type { CommandContext, ProviderInput } from './context.ts';

export const attachTools = ({ runner, env }: CommandContext): AttachTools => ({
  runner,
  connect: (kubeconfig, kubeContext) => connect(kubeconfig, kubeContext, { env, runsPrograms: true }),
});

/** The provider of an instance that is attached to an existing cluster. */
export const attachedCluster = (
  context: CommandContext,
  { instance, target: wanted }: ProviderInput,
): ClusterProvider => {
  const { name, attach: place } = { ...instance.record(), ...wanted };
  if (!place) throw new Error(`instance ${name} names no context, so it is not attached`);
  return attach({ ...place, name, instanceDir: instance.dir }, attachTools(context));
};

/**
 * The cluster that the settings name; an instance that is attached stays with its kubeconfig, whatever KUBECONFIG is today.
 * Throws UserError `usage.no-context` where the settings name none. Tested in test/e2e/attach.test.ts.
 */
export const attachPlaceOf = (
  { context, allowContext, kubeconfig }: Pick<Config, 'context' | 'allowContext' | 'kubeconfig'>,
  { KUBECONFIG, HOME }: CommandContext['env'],
  made?: AttachTarget,
): AttachTarget => {
  if (context === undefined) {
    throw new UserError('--provider attach needs the kube context of a cluster that runs', {
      id: 'usage.no-context',
      hint: 'name it twice, to say that it may be changed: --context NAME --allow-context NAME',
    });
  }
  const today = kubeconfigPaths(kubeconfig ?? KUBECONFIG, HOME || homedir());
  return { context, allowContext, kubeconfigPaths: kubeconfig === undefined && made ? made.kubeconfigPaths : today };
};
