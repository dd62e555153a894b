import { basename } from 'node:path';
import { ensureAdminPassword } from '../../instance/admin-password.ts';
import { identityOf } from '../../instance/identity.ts';
import type { Instance } from '../../instance/instance.ts';
import { findTextFile, writeFileAtomically } from '../../lib/files.ts';
import { type Kube, KubeError } from '../../lib/kube/client.ts';
import { describeRef } from '../../lib/kube/shapes.ts';
import { findOutdatedRoles } from '../../master/account/outdated.ts';
import type { GatewayEndpoint } from '../../model/gateway-endpoint.ts';
import type { MasterEndpoint } from '../../model/master-endpoint.ts';
import type { CommandContext } from '../../providers/context.ts';
import type { StepTools } from '../../task-list/step.ts';
import { configFormats, configPaths } from '../config/formats.ts';
import { masterValuesOf } from '../config/master-values.ts';
import { renderConfig } from '../config/render.ts';
import { policySettingsOf } from '../context.ts';
import { ensureMasterRoot } from '../master-root/ensure.ts';
import { findVersionNote } from '../master-root/version.ts';
import { findOwnMaster } from '../status/own-master.ts';
import { checkMachine } from './check-machine.ts';
import { upStep } from './context.ts';
import { openReversePath } from './open-reverse-path.ts';
import { reachGateway } from './reach-gateway.ts';
import { startCluster } from './start-cluster.ts';

/** Read at each `up`: a cluster that was recreated is another one. */
const readClusterId = async (kube: Kube): Promise<string | undefined> => {
  const { metadata } = await kube.get({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system' } });
  return metadata.uid;
};

/** Leaves a file alone that has the text already, so that its time shows when it changed. */
const writeIfOther = async (path: string, text: string): Promise<boolean> => {
  if ((await findTextFile(path)) === text) return false;
  await writeFileAtomically(path, text);
  return true;
};

/** An instance whose master can be reached by tasks, and can reach them. */
export type ReachedInstance = {
  readonly instance: Instance;
  readonly kube: Kube;
  readonly gateway: GatewayEndpoint;
  readonly master: MasterEndpoint;
};

/** The master's configuration in all formats, each 0600: two of them hold its first password. Gives what was written. */
export const writeMasterConfiguration = async (
  { instance, kube, gateway, master }: ReachedInstance,
  context: CommandContext,
  tools: Pick<StepTools, 'signal' | 'report' | 'warn'>,
): Promise<string> => {
  const { config } = context;
  const [clusterId, root] = await Promise.all([
    readClusterId(kube),
    ensureMasterRoot(context, instance, tools),
    ensureAdminPassword(instance),
  ]);
  if (root.trouble) tools.warn(`the master's root: ${root.trouble.message}; to fix: ${root.trouble.hint}`);
  await instance.change({
    ...{ gateway, master, masterRoot: root.path },
    settings: {
      ...{ gateway: config.gateway, master: config.master },
      ...{ ssh: config.ssh, ngrok: config.ngrok, tunnel: config.tunnel },
      ...(instance.record().provider === 'native' && { native: config.native }),
      ...(config.podSecurity && { podSecurity: config.podSecurity }),
      network: policySettingsOf(config),
    },
    ...(clusterId !== undefined && { clusterId }),
  });
  const note = await findVersionNote(instance, await findOwnMaster(instance, config.master));
  if (note !== undefined) tools.warn(note);
  const values = await masterValuesOf(instance);
  const written = await Promise.all(
    configFormats.map(async (format) => {
      const path = configPaths(instance.dir)[format];
      return (await writeIfOther(path, renderConfig(format, [values]))) ? [basename(path)] : [];
    }),
  );
  return written.flat().length > 0 ? `${instance.dir}/${written.flat().join(', ')}` : 'unchanged';
};

/**
 * An account that an earlier version's `config account` made gets the rights that have come since. Gives what an administrator of
 * an attached cluster may not change.
 */
export const updateMasterAccount = async (
  { instance, kube, gateway }: Pick<ReachedInstance, 'instance' | 'kube' | 'gateway'>,
  { config }: Pick<CommandContext, 'config'>,
): Promise<readonly string[]> => {
  const place = { taskNamespace: config.master.taskNamespace, gateway };
  const refused: string[] = [];
  for (const { role, lacks } of await findOutdatedRoles(kube, identityOf(instance.record()), place)) {
    try {
      await kube.apply(role);
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      const what = `the account of the master lacks ${lacks.join(', ')}, and ${describeRef(role)} cannot be changed`;
      refused.push(`${what}: ${error.message} (let an administrator run: taskgate config account)`);
    }
  }
  return refused;
};

export const writeMasterFiles = upStep({
  title: 'Write the master configuration',
  needs: { machine: checkMachine, started: startCluster, gateway: reachGateway, reverse: openReversePath },
  run: async (
    { machine: { instance }, started: { kube }, gateway, reverse: { master } },
    context,
    tools,
  ): Promise<undefined> => {
    tools.note(await writeMasterConfiguration({ instance, kube, gateway, master }, context, tools));
    for (const text of await updateMasterAccount({ instance, kube, gateway }, context)) tools.warn(text);
  },
});
