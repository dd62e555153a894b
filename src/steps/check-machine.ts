import { join } from 'node:path';
import { verifyMachine } from '../cluster/native/verify.ts';
import type { Obstacle } from '../cluster/provider.ts';
import { createInstance, findInstance, type Instance, type InstanceRecord, instancesDir } from '../keeper/instance.ts';
import { UserError } from '../lib/errors.ts';
import { withLock } from '../lib/lock.ts';
import { type CommandContext, need, type UpContext } from './context.ts';
import { chooseCidr, nativeCluster } from './native-cluster.ts';
import type { Step } from './step.ts';

/** One error for everything that is in the way. Throws UserError `environment.machine`. */
const refuseObstacles = (obstacles: readonly Obstacle[]): void => {
  const [first, ...more] = obstacles;
  if (!first) return;
  const all = more.length === 0 ? first.what : obstacles.map(({ what }) => `\n  - ${what}`).join('');
  throw new UserError(`this machine cannot run a native cluster: ${all}`, {
    id: 'environment.machine',
    hint: obstacles.map(({ hint }) => hint).join('; '),
  });
};

/** A new instance's record, which holds its network from then on; one process at a time, so that none is given twice. */
const makeInstance = (context: UpContext): Promise<Instance> => {
  const { config, places, signal } = context;
  return withLock(join(places.stateDir, 'network.lock'), { signal, onWait: () => undefined }, async () =>
    createInstance(places.stateDir, { name: config.name, provider: 'native', cidr: await chooseCidr(context) }),
  );
};

const refuseDrift = ({ config }: UpContext, { cidr }: InstanceRecord): void => {
  if (!config.network.cidr || config.network.cidr === cidr) return;
  throw new UserError(`network.cidr: wanted ${config.network.cidr}, but instance ${config.name} has ${cidr}`, {
    id: 'environment.drift',
    hint: `take it down first: taskgate down --name ${config.name}`,
  });
};

const autoNote = (provider: UpContext['config']['provider']): string =>
  provider === 'auto' ? ' (auto: the one provider that this version has)' : '';

/** Throws UserError `environment.machine` for all that is in the way here. `asRoot`: apart from not being root. */
export const verifyHere = async ({ config, places, runner }: CommandContext, asRoot = false): Promise<void> => {
  const instanceDir = join(instancesDir(places.stateDir), config.name);
  refuseObstacles(await verifyMachine({ instanceDir, cacheDir: places.cacheDir, runner, asRoot }));
};

/** Everything that can be found wrong before anything is changed; then the instance's folder and record. */
export const checkMachine: Step<UpContext> = {
  title: 'Check this machine',
  run: async (context) => {
    const { config, places } = context;
    await verifyHere(context);
    const found = await findInstance(places.stateDir, config.name);
    if (found) refuseDrift(context, found.record());
    const instance = found ?? (await makeInstance(context));
    context.instance = instance;
    context.provider = nativeCluster(context, {
      instance,
      artifacts: () => need(context, 'artifacts'),
      onEvent: (event) => context.onKeeperEvent?.(event),
    });
    return `native provider${autoNote(config.provider)}, network ${instance.record().cidr}`;
  },
};
