import { UserError } from '../../lib/errors.ts';
import { type Command, CommandError, type Runner } from '../../lib/process/runner.ts';
import { instanceHash, isLinkName } from './link.ts';
import {
  type BlockedNetwork,
  blockProtocol,
  listRoutesCommand,
  parseBlocks,
  parseRoutes,
  splitOverlaps,
} from './routes.ts';

/**
 * By the metric a block is known as an instance's own, by whose folder its link is named, too. High: the route of a link that is
 * there has 0, and wins.
 */
const metricOf = (instanceDir: string): number => 2 ** 30 + (Number.parseInt(instanceHash(instanceDir), 16) % 2 ** 30);

const argumentsOf = ({ cidr, metric }: BlockedNetwork): readonly string[] => [
  ...['unreachable', cidr, 'metric', String(metric)],
  ...['proto', blockProtocol],
];

export const isBlockOf = (instanceDir: string, { metric }: Pick<BlockedNetwork, 'metric'>): boolean =>
  metric === metricOf(instanceDir);

/** Safe to repeat. */
export const blockCommand = (instanceDir: string, cidr: string): Command => [
  ...(['ip', 'route', 'replace'] as const),
  ...argumentsOf({ cidr, metric: metricOf(instanceDir) }),
];

export const unblockCommand = (block: BlockedNetwork): Command => [
  ...(['ip', 'route', 'delete'] as const),
  ...argumentsOf(block),
];

const listBlocks = async (runner: Runner): Promise<readonly BlockedNetwork[]> =>
  parseBlocks((await runner(listRoutesCommand)).stdout);

/**
 * Has this host answer with "unreachable" for the network of an instance while no link leads there: what a master sends to the
 * Gateway of a node that is gone, callers' tokens included, would leave by the default route. Not where the network lies in a
 * broader one that this host routes, such as a VPN's: that would be the user's. Throws UserError `environment.machine`.
 */
export const blockNetwork = async (instanceDir: string, cidr: string, runner: Runner): Promise<boolean> => {
  const routes = parseRoutes((await runner(listRoutesCommand)).stdout, '');
  if (splitOverlaps(cidr, { routes }).broader.length > 0) return false;
  await runner(blockCommand(instanceDir, cidr)).catch((cause) => {
    if (!(cause instanceof CommandError)) throw cause;
    throw new UserError(`this host does not take an unreachable route for ${cidr}: ${cause.message}`, {
      id: 'environment.machine',
      hint: 'try the command by hand as root; install iproute2 4.14 or newer',
      cause,
    });
  });
  return true;
};

/** Takes blocks back that are chosen. Gives their networks; safe to repeat. */
export const unblockNetworks = async (
  runner: Runner,
  isChosen: (block: BlockedNetwork) => boolean,
): Promise<readonly string[]> => {
  const chosen = (await listBlocks(runner)).filter(isChosen);
  for (const block of chosen) {
    await runner(unblockCommand(block)).catch(async (error) => {
      // another command may have been faster
      const left = await listBlocks(runner);
      if (left.some(({ cidr, metric }) => cidr === block.cidr && metric === block.metric)) throw error;
    });
  }
  return chosen.map(({ cidr }) => cidr);
};

/** The networks to which a link of some instance leads, whoever's it is. */
const listLinked = async (runner: Runner): Promise<readonly string[]> =>
  parseRoutes((await runner(listRoutesCommand)).stdout, '').flatMap(({ dst, dev }) =>
    dev !== undefined && isLinkName(dev) ? [dst] : [],
  );

/** The blocks of instances that neither are in these folders nor have a link. */
export const unblockGone = async (runner: Runner, instanceDirs: readonly string[]): Promise<readonly string[]> => {
  const linked = await listLinked(runner);
  return unblockNetworks(
    runner,
    (block) => !linked.includes(block.cidr) && !instanceDirs.some((dir) => isBlockOf(dir, block)),
  );
};

/** The networks that an instance keeps unreachable where no link leads there. */
export const listBlocked = async (instanceDir: string, runner: Runner): Promise<readonly string[]> =>
  (await listBlocks(runner)).flatMap((block) => (isBlockOf(instanceDir, block) ? [block.cidr] : []));
