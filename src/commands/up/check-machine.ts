import { isAbsolute, join } from 'node:path';
import { createInstance, findInstance, type Instance } from '../../instance/instance.ts';
import type { ClusterTarget, InstanceRecord, MinikubeTarget } from '../../instance/record.ts';
import { UserError } from '../../lib/errors.ts';
import { withLock } from '../../lib/process/lock.ts';
import type { ProviderName } from '../../model/cluster.ts';
import { attachPlaceOf } from '../../providers/attach.ts';
import { chooseProvider, verifyHere } from '../../providers/choose.ts';
import { newPlace, placeOf } from '../../providers/minikube.ts';
import { findMinikube } from '../../providers/minikube-program.ts';
import { chooseCidr } from '../../providers/native.ts';
import { describePlace, providerOf } from '../../providers/providers.ts';
import type { Step } from '../../task-list/step.ts';
import { need, type UpContext } from '../context.ts';

const withProgram = async (context: UpContext, place: MinikubeTarget): Promise<MinikubeTarget> => {
  const program = await findMinikube(context);
  return isAbsolute(program) ? { ...place, program } : place;
};

/** Where a new instance's cluster is: what it holds from then on. */
const newPlaces: Readonly<Record<ProviderName, (context: UpContext) => Promise<ClusterTarget>>> = {
  native: async (context) => ({ cidr: await chooseCidr(context) }),
  minikube: async (context) => ({ minikube: await withProgram(context, await newPlace(context)) }),
  attach: async ({ config, env }) => ({ attach: attachPlaceOf(config, env) }),
};

/** A new instance's record. One process at a time, so that no network and no range is given twice. */
const makeInstance = (context: UpContext, provider: ProviderName): Promise<Instance> => {
  const { config, folders, signal } = context;
  return withLock(join(folders.stateDir, 'network.lock'), { signal, onWait: () => undefined }, async () =>
    createInstance(folders.stateDir, { name: config.name, provider, ...(await newPlaces[provider](context)) }),
  );
};

const drift = (name: string, what: string): UserError =>
  new UserError(what, { id: 'environment.drift', hint: `take it down first: taskgate down --name ${name}` });

/** What an instance that is there already holds, by the settings of this run. */
const placesAgain: Readonly<
  Record<ProviderName, (context: UpContext, record: InstanceRecord) => Promise<ClusterTarget>>
> = {
  native: async ({ config }, { name, cidr }) => {
    if (!config.network.cidr || config.network.cidr === cidr) return {};
    throw drift(name, `network.cidr: wanted ${config.network.cidr}, but instance ${name} has ${cidr}`);
  },
  minikube: async (context, { minikube }) => ({
    minikube: await withProgram(context, placeOf(context.config, minikube)),
  }),
  attach: async ({ config, env }, { name, attach }) => {
    const place = attachPlaceOf(config, env);
    // one that has only a tunnel so far is attached now
    if (!attach || place.context === attach.context) return { attach: place };
    throw drift(name, `context: wanted ${place.context}, but instance ${name} is attached to ${attach.context}`);
  },
};

/** Everything that can be found wrong before anything is changed; then the instance's folder and record. */
export const checkMachine: Step<UpContext> = {
  title: 'Check this machine',
  run: async (context, { report }) => {
    const { config, folders } = context;
    const { provider, because } = await chooseProvider(context);
    // fetched here, with its progress; found in the cache from here on
    if (provider === 'minikube') await findMinikube(context, report);
    context.notes.push(...(await verifyHere(context, provider)));
    const found = await findInstance(folders.stateDir, config.name);
    const place = found && (await placesAgain[provider](context, found.record()));
    const instance = found ?? (await makeInstance(context, provider));
    context.instance = instance;
    if (place) context.place = place;
    context.provider = providerOf(context, {
      instance,
      ...(place && { place }),
      artifacts: () => need(context, 'artifacts'),
      report: (what) => context.onProgress?.(what),
    });
    return `${provider} provider (${because}), ${describePlace({ ...instance.record(), ...place })}`;
  },
};
