import { verifyAttach } from '../cluster/attach/verify.ts';
import { verifyMinikube } from '../cluster/minikube/verify.ts';
import { verifyMachine } from '../cluster/native/verify.ts';
import type { Findings, Obstacle } from '../cluster/provider.ts';
import { findInstance, isTunnelOnly } from '../instance/instance.ts';
import { findSocketProblem, instanceDirOf } from '../instance/paths.ts';
import { UserError } from '../lib/errors.ts';
import type { ProviderName } from '../model/cluster.ts';
import { attachPlaceOf, attachTools } from './attach.ts';
import type { CommandContext } from './context.ts';
import { placeOf } from './minikube.ts';
import { findMinikube } from './minikube-program.ts';

/** A provider, and why it is the one. */
export type Choice = { readonly provider: ProviderName; readonly because: string };

const dirOf = ({ config, folders }: CommandContext): string => instanceDirOf(folders.stateDir, config.name);

/** What prevents each provider from working here. Changes nothing. `asRoot`: apart from not being root. */
const findings: Readonly<Record<ProviderName, (context: CommandContext, asRoot: boolean) => Promise<Findings>>> = {
  native: async (context, asRoot) => {
    const { folders, runner, signal } = context;
    const input = { instanceDir: dirOf(context), cacheDir: folders.cacheDir, runner, signal, asRoot };
    return verifyMachine(input);
  },
  minikube: async (context) => {
    const { runner } = context;
    const spec = { ...placeOf(context, undefined), instanceDir: dirOf(context) };
    return verifyMinikube({ runner, program: await findMinikube(context), spec });
  },
  attach: async (context) => {
    const { config, env, folders } = context;
    const made = (await findInstance(folders.stateDir, config.name))?.record().attach;
    const spec = { ...attachPlaceOf(config, env, made), name: config.name, instanceDir: dirOf(context) };
    return verifyAttach(spec, attachTools(context));
  },
};

const who: Readonly<Record<ProviderName, string>> = {
  native: 'this machine cannot run a native cluster',
  minikube: 'Minikube cannot run a cluster here',
  attach: 'the cluster cannot be used',
};

/** One error for everything that is in the way. Throws UserError `environment.machine`. */
const refuseObstacles = (provider: ProviderName, obstacles: readonly Obstacle[]): void => {
  const [first, ...more] = obstacles;
  if (!first) return;
  const all = more.length === 0 ? first.what : obstacles.map(({ what }) => `\n  - ${what}`).join('');
  throw new UserError(`${who[provider]}: ${all}`, {
    id: 'environment.machine',
    hint: obstacles.map(({ hint }) => hint).join('; '),
  });
};

/** Throws UserError `environment.machine` for all that is in the way of a provider; returns notes. */
export const verifyHere = async (
  context: CommandContext,
  provider: ProviderName,
  asRoot = false,
): Promise<readonly string[]> => {
  const socketProblem = findSocketProblem(dirOf(context));
  if (socketProblem) refuseObstacles(provider, [socketProblem]);
  const { obstacles, notes } = await findings[provider](context, asRoot);
  refuseObstacles(provider, obstacles);
  return notes;
};

const refuseOther = (name: string, provider: ProviderName, wanted: ProviderName): void => {
  if (provider === wanted) return;
  throw new UserError(`provider: wanted ${wanted}, but instance ${name} was made with ${provider}`, {
    id: 'environment.drift',
    hint: `take it down first (taskgate down --name ${name}), or choose another --name`,
  });
};

/** Minikube where a working driver is there, else native. */
const chooseByMachine = async (context: CommandContext): Promise<Choice> => {
  const [obstacle] = (await findings.minikube(context, true)).obstacles;
  if (!obstacle) return { provider: 'minikube', because: 'auto: Minikube and its driver are there' };
  return { provider: 'native', because: `auto: ${obstacle.what}` };
};

/** The provider that an instance was made with, if it is there. What only root may read is a native one's. */
export const findProvider = async ({ config, folders }: CommandContext): Promise<ProviderName | undefined> => {
  try {
    return (await findInstance(folders.stateDir, config.name))?.record().provider;
  } catch (error) {
    if (error instanceof UserError && error.id === 'environment.instance-of-root') return 'native';
    throw error;
  }
};

/** A tunnel that was opened on its own holds the name, but no cluster: it has no provider. */
const refuseTunnelOnly = async ({ config: { name, provider }, folders }: CommandContext): Promise<void> => {
  const instance = await findInstance(folders.stateDir, name);
  if (!instance || !isTunnelOnly(instance) || provider === 'attach') return;
  throw new UserError(`instance ${name} has only a tunnel, to a cluster that taskgate knows nothing of`, {
    id: 'environment.drift',
    hint: `close it first (taskgate tunnel down --name ${name}), choose another --name, or name that cluster: --provider attach --context NAME --allow-context NAME`,
  });
};

/** One that was made by another provider than Minikube has no published ports, and cannot get any. */
const refusePublished = ({ name, gateway: { reach } }: CommandContext['config'], found: ProviderName): void => {
  if (reach !== 'published' || found === 'minikube') return;
  throw new UserError(
    `gateway.reach is published, but instance ${name} was made with ${found}, which publishes no ports`,
    {
      id: 'environment.drift',
      hint: `use another gateway.reach, or take it down first (taskgate down --name ${name})`,
    },
  );
};

/**
 * The provider of this run. Throws UserError `environment.drift` where the instance was made with another one than the
 * settings name.
 */
export const chooseProvider = async (context: CommandContext): Promise<Choice> => {
  const { config } = context;
  const found = await findProvider(context);
  if (found === 'attach') await refuseTunnelOnly(context);
  if (config.provider !== 'auto') {
    if (found) refuseOther(config.name, found, config.provider);
    return { provider: config.provider, because: 'as wanted' };
  }
  if (found) refusePublished(config, found);
  if (found) return { provider: found, because: 'auto: as it was made' };
  if (config.gateway.reach === 'published')
    return { provider: 'minikube', because: 'auto: gateway.reach is published' };
  if (config.installMinikube) return { provider: 'minikube', because: 'auto: --install-minikube' };
  return chooseByMachine(context);
};
