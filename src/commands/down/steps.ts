import { rm } from 'node:fs/promises';
import { stopTunnelDaemon, stopUnrecordedDaemons } from '../../daemon/stop.ts';
import { findOriginalState, isForeignCluster } from '../../gateway/foreign/saved.ts';
import { type OriginalState, verifySameCluster } from '../../gateway/foreign/snapshot.ts';
import { explainRemoval, removeGatewayObjects } from '../../gateway/uninstall/uninstall.ts';
import { openAccess } from '../../instance/access.ts';
import { identityOf } from '../../instance/identity.ts';
import {
  findInstance,
  type Instance,
  isTunnelOnly,
  listInstances,
  removeInstanceDir,
} from '../../instance/instance.ts';
import { mergesOf } from '../../instance/merges.ts';
import { instanceDirOf } from '../../instance/paths.ts';
import type { Merge } from '../../instance/record.ts';
import { messageOf, UserError } from '../../lib/errors.ts';
import type { Kube } from '../../lib/kube/client.ts';
import { changeKubeconfig } from '../../lib/kube/kubeconfig/change.ts';
import { unmergeKubeconfig } from '../../lib/kube/kubeconfig/merge.ts';
import { trustedUids } from '../../lib/trust/users.ts';
import { removeLeftovers } from '../../proof/sample-task/removal.ts';
import { endLostNode, forgetBlocks, isBlocked } from '../../providers/native.ts';
import { describePlace, providerOf } from '../../providers/providers.ts';
import type { Step, StepTools } from '../../task-list/step.ts';
import { removeAbandonedTraffic } from '../chaos/traffic/abandoned.ts';
import { stageTimeoutMs } from '../context.ts';
import { type DownContext, downStep, unlessForced } from './context.ts';
import { describeRest } from './living-master.ts';
import { lookForMaster, stopOwnMaster } from './masters.ts';

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

const closeTunnels = downStep({
  title: 'Close tunnels and forwards',
  run: async (_, { folders, config }, { note }): Promise<undefined> => {
    const instance = await findInstance(folders.stateDir, config.name);
    const wereThere = instance
      ? await stopTunnelDaemon(instance)
      : (await stopUnrecordedDaemons(instanceDirOf(folders.stateDir, config.name))) > 0;
    if (!wereThere) note('there are none');
  },
});

/** Minikube reports a profile that was deleted; an attached cluster that does not answer may come back. */
const isGone = async (context: DownContext, instance: Instance): Promise<boolean> =>
  instance.record().provider === 'minikube' && (await providerOf(context, { instance }).find()) === 'absent';

type Proofs = { readonly original: OriginalState; readonly context: DownContext };

/** Listeners of a killed proof, or of a killed chaos, would stay on a Gateway that stays. */
const removeProofs = async (kube: Kube, instance: Instance, { original, context }: Proofs): Promise<void> => {
  const { settings } = instance.record();
  const { gateway, master } = { ...context.config, ...settings };
  try {
    await verifySameCluster(kube, original);
    const where = { ...identityOf(instance.record()), namespace: master.taskNamespace, gateway };
    await removeLeftovers(kube, where);
    await removeAbandonedTraffic(context, kube, where);
  } catch (error) {
    throw explainRemoval(error, context.config.name);
  }
};

const removeAttached = async (context: DownContext, tools: StepTools): Promise<undefined> => {
  const { signal, report, note, warn } = tools;
  const instance = await findInstance(context.folders.stateDir, context.config.name);
  const original = instance && (await findOriginalState(instance));
  const { cluster } = instance?.record() ?? {};
  if (!instance || !original || !cluster) return note('nothing was made there');
  if (await isGone(context, instance)) return note('the cluster is gone');
  const kube = await openAccess({ ...cluster, attach: instance.record().attach }, context.env);
  await removeProofs(kube, instance, { original, context });
  const options = { original, timeoutMs: stageTimeoutMs(context), signal, report };
  const { removed, restored, left } = await removeGatewayObjects(kube, identityOf(instance.record()), options);
  for (const { what, why } of left) warn(`left: ${what} (${why})`);
  return note(`${removed.length} objects${restored.length > 0 ? `, restored: ${restored.join(', ')}` : ''}`);
};

/** A cluster that taskgate made goes as a whole; in an attached one, what taskgate created there goes. */
const removeObjects = downStep({
  title: "Remove taskgate's objects from the attached cluster",
  skip: async (_, { folders, config }) => {
    const instance = await findInstance(folders.stateDir, config.name);
    return !(instance && isForeignCluster(instance)) && 'not needed: no attached cluster';
  },
  run: (_, context, tools) =>
    unlessForced(context, { ...tools, what: "taskgate's objects in the attached cluster" }, () =>
      removeAttached(context, tools),
    ),
});

const findMerges = async ({ folders, config }: DownContext): Promise<readonly Merge[]> =>
  mergesOf((await findInstance(folders.stateDir, config.name))?.record() ?? {});

/** Before the cluster goes: nothing that is wrong with a kubeconfig keeps a cluster running. */
const removeContext = downStep({
  title: 'Remove the context from your kubeconfig',
  look: (_, context) => findMerges(context),
  skip: ({ seen: merges }) => merges.length === 0 && 'it was not added',
  run: async ({ seen: merges }, { env }, { signal, note, warn }): Promise<undefined> => {
    const options = { signal, trusted: trustedUids(env) };
    for (const { path, kubeContext } of merges) {
      try {
        await changeKubeconfig(path, (users) => unmergeKubeconfig(users, kubeContext), options);
      } catch (error) {
        if (signal.aborted) throw error;
        warn(`left: context, cluster and user ${kubeContext} in ${path} (${messageOf(error)})`);
      }
    }
    note(merges.map(({ path }) => path).join(', '));
  },
});

const lostNode = 'a node that ran on without its record was ended';

const deleteCluster = downStep({
  title: 'Delete the cluster',
  needs: { master: lookForMaster },
  after: [removeContext],
  run: async ({ master }, context, tools): Promise<undefined> => {
    const { folders, config } = context;
    const instance = await findInstance(folders.stateDir, config.name);
    if (!instance) {
      const wasLost = await endLostNode(context);
      return tools.note(wasLost ? lostNode : `there is no instance ${config.name}`);
    }
    if (isTunnelOnly(instance)) return tools.note('not needed: no cluster');
    return unlessForced(context, { ...tools, what: describePlace(instance.record()) ?? 'the cluster' }, async () => {
      const keepsBlock = master !== undefined && !context.forgetRoutes;
      await providerOf(context, { instance }).delete({ keepsBlock });
      if (master) tools.warn(describeRest(master, instance, await isBlocked(context, instance)));
    });
  },
});

const removeFolder = downStep({
  title: "Remove the instance's folder",
  run: async (_, { folders, config }, { note }): Promise<undefined> => {
    if (!(await removeInstanceDir(folders.stateDir, config.name))) note('it is gone');
  },
});

const removeCache = downStep({
  title: 'Remove the cache',
  skip: (_, { purgeCache, folders }) => !purgeCache && `${folders.cacheDir} stays; --purge-cache removes it`,
  run: async (_, { folders }): Promise<undefined> => {
    await rm(folders.cacheDir, { recursive: true, force: true });
  },
});

const forgetRoutes = downStep({
  title: 'Take back unreachable routes',
  skip: (_, { forgetRoutes }) => !forgetRoutes && 'not asked for: --forget-routes does',
  run: async (_, context, { note }): Promise<undefined> => {
    note((await forgetBlocks(context)).join(', ') || 'there are none');
  },
});

/** Takes everything of an instance away, one after the other; safe to repeat. */
export const downSteps: readonly Step<DownContext>[] = [
  lookForMaster,
  stopOwnMaster,
  closeTunnels,
  removeObjects,
  removeContext,
  deleteCluster,
  removeFolder,
  forgetRoutes,
  removeCache,
];
