import { networkInterfaces } from 'node:os';
import type { Fields } from '../../lib/json.ts';
import { CommandError, type Runner } from '../../lib/process/runner.ts';
import { bySystemPath } from '../../lib/process/system-path.ts';
import { parseIpOutput } from '../../lib/text/ip-output.ts';

/** The route of this host to an address. */
export type HostRoute = {
  /** The source address, at which the other end reaches this host. */
  readonly source: string;
  /** Whether it is not the default route. */
  readonly isSpecific: boolean;
};

/** Parses the resolved route and its entry in the routing table; undefined if the address is unreachable. */
export const parseRoute = (route: string, match: string): HostRoute | undefined => {
  const [{ prefsrc } = {}] = parseIpOutput(route) as readonly Partial<Fields>[];
  const [{ dst } = {}] = parseIpOutput(match) as readonly Partial<Fields>[];
  return typeof prefsrc === 'string' && prefsrc ? { source: prefsrc, isSpecific: dst !== 'default' } : undefined;
};

/** Undefined if there is no route, or no `ip` command (macOS). */
export const findRoute = async (address: string, runner: Runner): Promise<HostRoute | undefined> => {
  const run = bySystemPath(runner);
  const get = ['ip', '-json', 'route', 'get'] as const;
  try {
    const [route, match] = await Promise.all([run([...get, address]), run([...get, 'fibmatch', address])]);
    return parseRoute(route.stdout, match.stdout);
  } catch (error) {
    if (error instanceof CommandError) return undefined;
    throw error;
  }
};

/** The first external address of this host, for use without a route. */
export const externalAddress = (interfaces = networkInterfaces()): string | undefined =>
  Object.values(interfaces)
    .flatMap((addresses) => addresses ?? [])
    .find(({ internal, family }) => !internal && family === 'IPv4')?.address;
