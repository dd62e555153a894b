// Tested in test/cluster/native/isolation/cgroups.test.ts
import { messageOf, UserError } from '../../../lib/errors.ts';
import { createCgroups, type Hierarchy, handOutControllers, nodeCgroupPaths } from './cgroups.ts';
import { limitDevices } from './devices.ts';
import { limitCgroups, type NodeLimits } from './limits.ts';

const refused = (cause: unknown): unknown =>
  cause instanceof Error && 'errno' in cause
    ? new UserError(`the cgroups of the node cannot be made: ${messageOf(cause)}`, {
        id: 'environment.cgroups',
        hint: 'in a container, start it with: docker run --privileged --cgroupns=private; elsewhere see dmesg and cgroup.max.descendants',
        cause,
      })
    : cause;

/**
 * Creates an instance's cgroups with their limits, and in them those that the node runs in. Returns a note where processes
 * of others had to be moved. Throws UserError `environment.cgroups` where the kernel refuses that.
 */
export const makeNodeCgroups = async (
  hierarchies: readonly Hierarchy[],
  cgroups: readonly string[],
  limits: NodeLimits,
): Promise<string | undefined> => {
  try {
    const note = await handOutControllers(hierarchies);
    await createCgroups(cgroups);
    await limitCgroups(cgroups, limits);
    await limitDevices(hierarchies, cgroups);
    await createCgroups(nodeCgroupPaths(cgroups));
    return note;
  } catch (error) {
    throw refused(error);
  }
};
