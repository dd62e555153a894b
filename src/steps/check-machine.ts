import { join } from 'node:path';
import { verifyMachine } from '../cluster/native/verify.ts';
import type { Obstacle } from '../cluster/provider.ts';
import { createInstance, findInstance, instancesDir } from '../keeper/instance.ts';
import { UserError } from '../lib/errors.ts';
import { need, type UpContext } from './context.ts';
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

/** Everything that can be found wrong before anything is changed; then the instance's folder and record. */
export const checkMachine: Step<UpContext> = {
  title: 'Check this machine',
  run: async (context) => {
    const { config, places } = context;
    refuseObstacles(await verifyMachine(join(instancesDir(places.stateDir), config.name)));
    const found = await findInstance(places.stateDir, config.name);
    const instance =
      found ??
      (await createInstance(places.stateDir, {
        name: config.name,
        provider: 'native',
        cidr: await chooseCidr(context),
      }));
    if (found && config.network.cidr && config.network.cidr !== found.record().cidr) {
      throw new UserError(
        `network.cidr: wanted ${config.network.cidr}, instance ${config.name} has ${found.record().cidr}`,
        {
          id: 'environment.drift',
          hint: `take it down first: taskgate down --name ${config.name}`,
        },
      );
    }
    context.instance = instance;
    context.provider = nativeCluster(context, {
      instance,
      artifacts: () => need(context, 'artifacts'),
      onEvent: (event) => context.onKeeperEvent?.(event),
    });
  },
};
