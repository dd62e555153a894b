import { findMasterKeeper, stopMaster, stopUnrecordedMasters } from '../../determined/stop.ts';
import { findInstance, isTunnelOnly } from '../../instance/instance.ts';
import { instanceDirOf } from '../../instance/paths.ts';
import { downStep, unlessForced } from './context.ts';
import {
  describeServed,
  describeTasks,
  findLivingMaster,
  findServed,
  findTasks,
  type LivingMaster,
  noteOf,
  waitForTasks,
} from './living-master.ts';

/** Before anything goes: its tasks are reached until they have ended. */
export const lookForMaster = downStep({
  title: 'Look for a master and its tasks',
  run: async (_, context, { note, report, signal, warn }): Promise<LivingMaster | undefined> => {
    const { folders, config, waitForTasksSeconds: seconds } = context;
    const instance = await findInstance(folders.stateDir, config.name);
    if (!instance || isTunnelOnly(instance)) return note('there is no cluster');
    const keeper = await findMasterKeeper(instance);
    const served = keeper ? await findServed(context, instance) : [];
    if (seconds !== undefined) {
      const wait = () => waitForTasks(context, [instance, ...served], { seconds, signal, report });
      await unlessForced(context, { signal, note, warn, what: 'tasks that run' }, async () => void (await wait()));
    }
    // whether it answers or not, those that it serves lose it
    for (const one of served) warn(describeServed(one.record().name, await findTasks(context, one), config.name));
    const master = await findLivingMaster(context, instance);
    if (!master) return note('none answers');
    note(noteOf(master));
    if (!keeper || master.tasks?.length !== 0) warn(describeTasks(master, config.name));
    // the instance's own ends with it
    return keeper ? undefined : master;
  },
});

/** Before the cluster: it still ends in order what it has there. */
export const stopOwnMaster = downStep({
  title: 'Stop the master and its database',
  run: (_, context, tools) =>
    unlessForced(context, { ...tools, what: 'the master and its database' }, async () => {
      const { folders, config } = context;
      const instance = await findInstance(folders.stateDir, config.name);
      const wereThere = instance
        ? await stopMaster(instance)
        : (await stopUnrecordedMasters(instanceDirOf(folders.stateDir, config.name))) > 0;
      if (!wereThere) tools.note('there are none');
    }),
});
