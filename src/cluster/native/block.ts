import { forgetBlock, rememberBlock } from '../../instance/blocked.ts';
import { UserError } from '../../lib/errors.ts';
import { type Command, CommandError, type Runner } from '../../lib/process/runner.ts';
import { instanceHash, linkName } from './link.ts';
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

/** Throws UserError `environment.machine` with what to do for what `ip` refuses. */
const runIp = (runner: Runner, command: Command, what: string) =>
  runner(command).catch((cause) => {
    if (!(cause instanceof CommandError)) throw cause;
    throw new UserError(`${what}: ${cause.message}`, {
      id: 'environment.machine',
      hint: `try it by hand as root: ${command.join(' ')} (iproute2 4.14 or newer)`,
      cause,
    });
  });

const listRoutes = async (runner: Runner): Promise<string> =>
  (await runIp(runner, listRoutesCommand, "this host's routes cannot be read")).stdout;

const ownBlocks = (instanceDir: string, routes: string): readonly BlockedNetwork[] =>
  parseBlocks(routes).filter((block) => isBlockOf(instanceDir, block));

/** Also gone if another command was faster. */
const takeBack = async (block: BlockedNetwork, runner: Runner): Promise<void> => {
  const what = `this host does not take back the unreachable route for ${block.cidr}`;
  await runIp(runner, unblockCommand(block), what).catch(async (error) => {
    const left = parseBlocks(await listRoutes(runner));
    if (left.some(({ cidr, metric }) => cidr === block.cidr && metric === block.metric)) throw error;
  });
};

/**
 * Has this host answer with "unreachable" for the network of an instance while no link leads there: what a master sends to the
 * Gateway of a node that is gone, callers' tokens included, would leave by the default route. Not where the network lies in a
 * broader one that this host routes, such as a VPN's: that would be the user's. What the instance kept unreachable before is
 * taken back. Throws UserError `environment.machine`.
 */
export const blockNetwork = async (instanceDir: string, cidr: string, runner: Runner): Promise<void> => {
  const routes = await listRoutes(runner);
  const before = ownBlocks(instanceDir, routes).filter((block) => block.cidr !== cidr);
  for (const block of before) await takeBack(block, runner);
  if (splitOverlaps(cidr, { routes: parseRoutes(routes, '') }).broader.length > 0) return forgetBlock(instanceDir);
  // first: what is not remembered would stay
  await rememberBlock(instanceDir, cidr);
  const what = `this host does not take an unreachable route for ${cidr}`;
  await runIp(runner, blockCommand(instanceDir, cidr), what);
};

/** Takes back what an instance keeps unreachable. Gives the networks; safe to repeat. Throws UserError `environment.machine`. */
export const unblockNetworks = async (instanceDir: string, runner: Runner): Promise<readonly string[]> => {
  const blocks = ownBlocks(instanceDir, await listRoutes(runner));
  for (const block of blocks) await takeBack(block, runner);
  await forgetBlock(instanceDir);
  return blocks.map(({ cidr }) => cidr);
};

/** The same for instances whose folders are gone, but for a node that runs on without its folder. */
export const unblockGone = async (instanceDirs: readonly string[], runner: Runner): Promise<readonly string[]> => {
  if (instanceDirs.length === 0) return [];
  const devices = parseRoutes(await listRoutes(runner), '').map(({ dev }) => dev);
  const gone = instanceDirs.filter((dir) => !devices.includes(linkName(dir)));
  const networks: string[] = [];
  for (const dir of gone) networks.push(...(await unblockNetworks(dir, runner)));
  return networks;
};

/** The networks that an instance keeps unreachable where no link leads there. */
export const listBlocked = async (instanceDir: string, runner: Runner): Promise<readonly string[]> =>
  ownBlocks(instanceDir, await listRoutes(runner)).map(({ cidr }) => cidr);
