import { isAbsolute } from 'node:path';
import type { ClusterProvider } from '../../cluster/provider.ts';
import { ensureInstanceId } from '../../instance/identity.ts';
import { createInstance, findInstance, type Instance, removeInstance } from '../../instance/instance.ts';
import { statePaths } from '../../instance/paths.ts';
import type { ClusterTarget, InstanceRecord, MinikubeTarget } from '../../instance/record.ts';
import { UserError } from '../../lib/errors.ts';
import { findWrittenKubeconfig } from '../../lib/kube/kubeconfig/paths.ts';
import { verifyKubeconfig } from '../../lib/kube/kubeconfig/write.ts';
import { withLock } from '../../lib/process/lock.ts';
import { trustedUids } from '../../lib/trust/users.ts';
import type { ProviderName } from '../../model/cluster.ts';
import { attachPlaceOf } from '../../providers/attach.ts';
import { chooseProvider, verifyHere } from '../../providers/choose.ts';
import type { ChosenSettings, CommandContext, ProviderInput } from '../../providers/context.ts';
import { newPlace, placeOf } from '../../providers/minikube.ts';
import { findMinikube } from '../../providers/minikube-program.ts';
import { chooseCidr, endLostNode, findCidrTrouble } from '../../providers/native.ts';
import { describePlace, providerOf } from '../../providers/providers.ts';
import type { StepTools } from '../../task-list/step.ts';
import { verifyMasterPort } from '../master-port.ts';
import { describeChanges, describeKept, verifyChanges } from '../settings/changes.ts';
import { keptOf } from '../settings/kept.ts';
import { upStep } from './context.ts';

const withProgram = async (context: CommandContext, target: MinikubeTarget): Promise<MinikubeTarget> => {
  const program = await findMinikube(context);
  return isAbsolute(program) ? { ...target, program } : target;
};

type Warn = (text: string) => void;
type FindNewTarget = (context: CommandContext, warn: Warn) => Promise<ClusterTarget>;

/** Where a new instance's cluster is. */
const newTargets: Readonly<Record<ProviderName, FindNewTarget>> = {
  native: async (context, warn) => {
    if (await endLostNode(context)) warn(`a node of ${context.config.name} that ran on without its record was ended`);
    const { cidr, warnings } = await chooseCidr(context);
    for (const text of warnings) warn(text);
    return { cidr };
  },
  minikube: async (context) => ({ minikube: await withProgram(context, await newPlace(context)) }),
  attach: async ({ config, env }) => ({ attach: attachPlaceOf(config, env) }),
};

/** A new instance's record. One process at a time, so that no network and no range is given twice. */
const makeInstance = (context: CommandContext, provider: ProviderName, warn: Warn): Promise<Instance> => {
  const { config, folders, signal, chosen } = context;
  const given = chosen && { given: chosen.given };
  return withLock(statePaths(folders.stateDir).networkLock, { signal, onWait: () => undefined }, async () =>
    createInstance(folders.stateDir, {
      ...{ name: config.name, provider, ...given },
      ...(await newTargets[provider](context, warn)),
    }),
  );
};

const drift = (name: string, what: string): UserError =>
  new UserError(what, { id: 'environment.drift', hint: `take it down first: taskgate down --name ${name}` });

type FindTarget = (context: CommandContext, record: InstanceRecord, warn: Warn) => Promise<ClusterTarget>;

/** Where the cluster of an existing instance is, by the settings of this run. */
const existingTargets: Readonly<Record<ProviderName, FindTarget>> = {
  native: async (context, { name, cidr }, warn) => {
    const { config } = context;
    const trouble = cidr && (await findCidrTrouble(context, cidr));
    if (trouble) warn(trouble);
    if (!config.network.cidr || config.network.cidr === cidr) return {};
    throw drift(name, `network.cidr: wanted ${config.network.cidr}, but instance ${name} has ${cidr}`);
  },
  minikube: async (context, { name, minikube }) => {
    const target = placeOf(context, minikube);
    for (const key of ['profile', 'serviceCidr'] as const) {
      const [wanted, made] = [target[key], minikube?.[key]];
      if (made && wanted !== made)
        throw drift(name, `minikube.${key}: wanted ${wanted}, but instance ${name} has ${made}`);
    }
    return { minikube: await withProgram(context, target) };
  },
  attach: async ({ config, env }, { name, attach }) => {
    const target = attachPlaceOf(config, env, attach);
    // one that has only a tunnel so far is attached now
    if (!attach || target.context === attach.context) return { attach: target };
    throw drift(name, `context: wanted ${target.context}, but instance ${name} is attached to ${attach.context}`);
  },
};

/** The instance of this run, and what makes its cluster. */
export type Machine = {
  readonly instance: Instance;
  /** Where the cluster of an existing instance is from this run on; recorded once the cluster is so. */
  readonly target?: ClusterTarget;
  /** To look at the cluster or to end it; one that starts it is made with its programs. */
  readonly provider: ClusterProvider;
  readonly providerWith: (programs: Pick<ProviderInput, 'artifacts'>) => ClusterProvider;
};

/**
 * Says what changes. Kept now where there is no cluster yet: an `up` that ends half-way is gone on with by a plain one. Else
 * it is kept once the cluster is so, since that may refuse it.
 */
type Tools = Pick<StepTools, 'warn'>;

const announceChanges = async (instance: Instance, chosen: ChosenSettings, { warn }: Tools): Promise<void> => {
  const record = instance.record();
  for (const change of describeChanges(keptOf(record), chosen)) warn(`changed: ${change}`);
  if (!record.cluster) await instance.change({ given: chosen.given });
};

/** What keeps the cluster from being started as wanted; an instance that was made only for this goes again. */
const verifyCluster = async (context: CommandContext, input: ProviderInput, isKept: boolean): Promise<void> => {
  try {
    await providerOf(context, input).verify?.();
  } catch (error) {
    if (!isKept) await removeInstance(input.instance);
    throw error;
  }
};

/** Everything that can be found wrong before anything is changed; then the instance's folder and record. */
export const checkMachine = upStep({
  title: 'Check this machine',
  run: async (_, context, { report, note, warn }): Promise<Machine> => {
    const { config, folders, env, chosen } = context;
    const { provider, because } = await chooseProvider(context);
    // fetched here, with its progress; found in the cache from here on
    if (provider === 'minikube') await findMinikube(context, report);
    for (const text of await verifyHere(context, provider)) warn(text);
    const isMerged = config.mergeKubeconfig && provider !== 'attach';
    if (isMerged) await verifyKubeconfig(await findWrittenKubeconfig(env), trustedUids(env));
    await verifyMasterPort(context);
    const found = await findInstance(folders.stateDir, config.name);
    if (found && chosen) verifyChanges(found.record(), chosen);
    const target = found && (await existingTargets[provider](context, found.record(), warn));
    if (found && chosen) await announceChanges(found, chosen, { warn });
    const instance = found ?? (await makeInstance(context, provider, warn));
    await verifyCluster(context, { instance, ...(target && { target }) }, found !== undefined);
    await ensureInstanceId(instance);
    const given = { instance, ...(target && { target }) };
    const kept = chosen && describeKept(chosen);
    const place = describePlace({ ...instance.record(), ...target });
    note(`${provider} provider (${because}), ${place}${kept ? `; kept from before: ${kept}` : ''}`);
    const providerWith: Machine['providerWith'] = (programs) => providerOf(context, { ...given, ...programs });
    return { ...given, provider: providerWith({}), providerWith };
  },
});
