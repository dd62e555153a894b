import { networkInterfaces } from 'node:os';
import { type Command, CommandError, type Runner } from '../../lib/process/runner.ts';

/** How this host sends to an address. */
export type HostRoute = {
  /** The address that it sends from: where the other end reaches this host. */
  readonly source: string;
  /** Whether a route of its own leads there, rather than the default one. */
  readonly isSpecific: boolean;
};

/** The route itself, and the one of the table that it comes from. */
const routeCommands = (address: string): { readonly route: Command; readonly match: Command } => ({
  route: ['ip', '-json', 'route', 'get', address],
  match: ['ip', '-json', 'route', 'get', 'fibmatch', address],
});

type Answer = { readonly dst?: string; readonly prefsrc?: string };

/** Reads what `ip` answers to the two commands; undefined when the address cannot be sent to. */
export const parseRoute = (route: string, match: string): HostRoute | undefined => {
  const [{ prefsrc } = {}] = JSON.parse(route) as readonly Answer[];
  const [{ dst } = {}] = JSON.parse(match) as readonly Answer[];
  return prefsrc ? { source: prefsrc, isSpecific: dst !== 'default' } : undefined;
};

/** Undefined where no route leads there, or where `ip` is not had (macOS). */
export const findRoute = async (address: string, runner: Runner): Promise<HostRoute | undefined> => {
  const { route, match } = routeCommands(address);
  try {
    const [{ stdout: way }, { stdout: matched }] = await Promise.all([runner(route), runner(match)]);
    return parseRoute(way, matched);
  } catch (error) {
    if (error instanceof CommandError) return undefined;
    throw error;
  }
};

type Interfaces = ReturnType<typeof networkInterfaces>;

/** The first address of this host that others may reach, for when no route tells. */
export const externalAddress = (interfaces: Interfaces = networkInterfaces()): string | undefined =>
  Object.values(interfaces)
    .flatMap((addresses) => addresses ?? [])
    .find(({ internal, family }) => !internal && family === 'IPv4')?.address;
