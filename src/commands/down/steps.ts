import { readFile, rm } from 'node:fs/promises';
import { stopTunnelKeeper } from '../../daemon/find.ts';
import { findBefore, isForeignCluster } from '../../gateway/foreign/kept.ts';
import { type Before, verifySameCluster } from '../../gateway/foreign/snapshot.ts';
import type { Leftover } from '../../gateway/uninstall/objects.ts';
import { explainRemoval, removeGatewayObjects } from '../../gateway/uninstall/uninstall.ts';
import { findInstance, type Instance, listInstances, removeInstanceDir } from '../../instance/instance.ts';
import { isTunnelOnly } from '../../instance/tunnel-only.ts';
import { UserError } from '../../lib/errors.ts';
import { connect, type Kube } from '../../lib/kube/client.ts';
import { removeLeftovers } from '../../proof/sample-task/removal.ts';
import type { CommandContext } from '../../providers/context.ts';
import { providerOf } from '../../providers/providers.ts';
import type { Step } from '../../task-list/step.ts';
import { stageTimeoutMs } from '../context.ts';
import { unmergeContext } from '../up/merge-kubeconfig.ts';

export type DownContext = CommandContext & {
  readonly purgeCache: boolean;
  /** What could not be removed, and why. */
  readonly notes: string[];
};

/**
 * The processes of an instance run from files of the cache. Throws UserError `environment.cache-in-use` where the
 * cache is to go and an instance of another name is there.
 */
export const verifyCacheUnused = async ({ config, folders, purgeCache }: DownContext): Promise<void> => {
  if (!purgeCache) return;
  const others = (await listInstances(folders.stateDir)).filter(({ name }) => name !== config.name);
  if (others.length === 0) return;
  const names = others.map(({ name }) => name).join(', ');
  throw new UserError(`the cache ${folders.cacheDir} stays while other instances may run from it: ${names}`, {
    id: 'environment.cache-in-use',
    hint: `leave --purge-cache out, or first: ${others.map(({ name }) => `taskgate down --name ${name}`).join('; ')}`,
  });
};

const closeTunnels: Step<DownContext> = {
  title: 'Close tunnels and forwards',
  run: async ({ folders, config }) => {
    const instance = await findInstance(folders.stateDir, config.name);
    return instance && (await stopTunnelKeeper(instance)) ? undefined : 'there are none';
  },
};

const describeLeft = ({ what, why }: Leftover): string => `${what} (${why})`;

/** Minikube tells that a profile was deleted; an attached cluster that does not answer may come back. */
const isGone = async (context: DownContext, instance: Instance): Promise<boolean> =>
  instance.record().provider === 'minikube' && (await providerOf(context, { instance }).find()) === 'absent';

type Proofs = Pick<DownContext, 'config'> & { readonly before: Before };

/** Listeners of a killed proof would stay on a Gateway that stays. */
const removeProofs = async (kube: Kube, instance: Instance, { before, config }: Proofs): Promise<void> => {
  const { name, settings } = instance.record();
  const { gateway, master } = { ...config, ...settings };
  try {
    await verifySameCluster(kube, before);
    await removeLeftovers(kube, { instance: name, namespace: master.taskNamespace, gateway });
  } catch (error) {
    throw explainRemoval(error);
  }
};

/** A cluster that is ours goes as a whole; in one of somebody else's, what we made there goes. */
const removeObjects: Step<DownContext> = {
  title: "Remove what is ours from somebody else's cluster",
  skip: async ({ folders, config }) => {
    const instance = await findInstance(folders.stateDir, config.name);
    return !(instance && isForeignCluster(instance)) && 'the cluster is ours, or there is none';
  },
  run: async (context, { signal, report }) => {
    const instance = await findInstance(context.folders.stateDir, context.config.name);
    const before = instance && (await findBefore(instance));
    const { cluster } = instance?.record() ?? {};
    if (!instance || !before || !cluster) return 'nothing was made there';
    if (await isGone(context, instance)) return 'the cluster is gone';
    const kube = connect(await readFile(cluster.kubeconfigPath, 'utf8'), cluster.kubeContext);
    await removeProofs(kube, instance, { before, config: context.config });
    const options = { before, timeoutMs: stageTimeoutMs(context), signal, report };
    const { removed, restored, left } = await removeGatewayObjects(kube, { instance: context.config.name }, options);
    context.notes.push(...left.map((one) => `left: ${describeLeft(one)}`));
    const put = restored.length > 0 ? `, put back as they were: ${restored.join(', ')}` : '';
    return `${removed.length} objects${put}`;
  },
};

const stopCluster: Step<DownContext> = {
  title: 'End the cluster',
  run: async (context) => {
    const { folders, config } = context;
    const instance = await findInstance(folders.stateDir, config.name);
    if (!instance) return `there is no instance ${config.name}`;
    if (isTunnelOnly(instance)) return 'there is none';
    await providerOf(context, { instance }).delete();
    return undefined;
  },
};

const unmergeKubeconfig: Step<DownContext> = {
  title: 'Take the context out of your kubeconfig',
  skip: async (context) => !(await findMerged(context)) && 'it was not added',
  run: async (context, { signal }) => {
    const merged = await findMerged(context);
    if (merged) await unmergeContext(merged, signal);
    return merged?.path;
  },
};

const findMerged = async ({ folders, config }: DownContext) =>
  (await findInstance(folders.stateDir, config.name))?.record().merged;

const removeFolder: Step<DownContext> = {
  title: "Remove the instance's folder",
  run: async ({ folders, config }) => {
    const isRemoved = await removeInstanceDir(folders.stateDir, config.name);
    return isRemoved ? undefined : 'it is gone';
  },
};

const removeCache: Step<DownContext> = {
  title: 'Remove the cache',
  skip: ({ purgeCache, folders }) => !purgeCache && `${folders.cacheDir} stays; --purge-cache removes it`,
  run: async ({ folders }) => {
    await rm(folders.cacheDir, { recursive: true, force: true });
  },
};

/** Takes everything of an instance away; safe to repeat. */
export const downSteps: readonly Step<DownContext>[] = [
  closeTunnels,
  removeObjects,
  stopCluster,
  unmergeKubeconfig,
  removeFolder,
  removeCache,
];
