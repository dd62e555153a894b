import { UserError } from '../lib/errors.ts';
import type { MasterEndpoint, PublicAddress, TunnelKind } from '../model/master-endpoint.ts';

/** The settings by which tasks find their way back to the master. */
export type ReachSettings = {
  readonly master: {
    readonly reach: 'auto' | 'direct' | 'ssh' | 'ngrok' | 'url';
    readonly scheme: 'http' | 'https';
    readonly host?: string | undefined;
    readonly url?: string | undefined;
  };
  readonly ssh: { readonly host?: string | undefined; readonly bindAddress: string };
  readonly ngrok: { readonly domain?: string | undefined; readonly tcpAddress?: string | undefined };
  readonly tunnel: { readonly allowPublic: boolean };
};

/** A way back that was chosen. */
export type Reach =
  | { readonly via: 'direct'; readonly because: string }
  | { readonly via: TunnelKind; readonly because: string }
  | { readonly via: 'url'; readonly endpoint: MasterEndpoint; readonly because: string };

/** What is wrong with a URL of the master, or where it leads. */
export const parseMasterUrl = (text: string): MasterEndpoint | { readonly problems: readonly string[] } => {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text) || !URL.canParse(text))
    return { problems: [`${text} is no URL such as https://master.example:8443`] };
  const { protocol, hostname, port, pathname, search, hash, username, password } = new URL(text);
  const scheme = protocol.slice(0, -1);
  const dropped = (what: string, value: string): string | false =>
    value !== '' && value !== '/' && `its ${what} ${value} would be dropped: tasks know only scheme, host and port`;
  const problems = [
    scheme !== 'http' && scheme !== 'https' && `its scheme is ${scheme}, tasks speak only http or https`,
    username + password !== '' && 'it holds a user name or password, which every task would see',
    dropped('path', pathname),
    dropped('query', search),
    dropped('fragment', hash),
    port === '0' && 'its port is 0',
  ].filter((problem) => problem !== false);
  if (problems.length > 0 || (scheme !== 'http' && scheme !== 'https')) return { problems };
  const host = hostname.replace(/^\[|\]$/g, '');
  return { scheme, host, port: Number(port) || (scheme === 'https' ? 443 : 80), via: 'url' };
};

/** Throws UserError `usage.master-url` with everything that is wrong with it. */
const getUrlEndpoint = (text: string | undefined): MasterEndpoint => {
  const parsed = parseMasterUrl(text ?? '');
  if (!('problems' in parsed)) return parsed;
  throw new UserError(`master.url: ${parsed.problems.join('; ')}`, {
    id: 'usage.master-url',
    hint: 'give scheme, host and port alone, such as https://master.example:8443',
  });
};

const noWayBack = (): UserError =>
  new UserError('pods do not reach this host directly, and no other way back to the master is set', {
    id: 'tunnel.no-way-back',
    hint: 'choose one: --master-reach ssh --ssh-host HOST, --master-reach ngrok (both with --tunnel-allow-public true), or --master-reach url --master-url URL',
  });

/** Without a direct way, a tunnel only where the user has said so far that one may be. */
const chooseInstead = ({ ssh, ngrok, tunnel }: ReachSettings): Reach => {
  const because = 'auto: a pod does not reach this host directly';
  if (ssh.host && (tunnel.allowPublic || !isPublicBind(ssh.bindAddress))) return { via: 'ssh', because };
  if ((ngrok.domain || ngrok.tcpAddress) && tunnel.allowPublic) return { via: 'ngrok', because };
  throw noWayBack();
};

/**
 * Chooses the way back. `isDirect` says whether a pod reached this host directly; left out, nobody has tried yet, and
 * `auto` takes the direct way for now.
 * Throws UserError `tunnel.no-way-back` or `usage.master-url`.
 */
export const chooseReach = (settings: ReachSettings, isDirect?: boolean): Reach => {
  const { reach, url } = settings.master;
  if (reach === 'url') return { via: 'url', endpoint: getUrlEndpoint(url), because: 'master.reach is url' };
  if (reach !== 'auto') return { via: reach, because: `master.reach is ${reach}` };
  if (isDirect === false) return chooseInstead(settings);
  const because = isDirect
    ? 'auto: a pod reaches this host directly'
    : 'auto: no tunnel unless a pod cannot reach this host';
  return { via: 'direct', because };
};

/**
 * The public end of a tunnel as tasks dial it. Where it only carries bytes, the scheme is the master's own; one that
 * ends TLS itself has told its scheme.
 */
export const endpointThrough = (
  via: TunnelKind,
  { scheme, host, port }: PublicAddress,
  masterScheme: 'http' | 'https',
): MasterEndpoint => ({ scheme: scheme === 'https' ? scheme : masterScheme, host, port, via });

const privateAddresses =
  /^(127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.|::1$|f[cd][0-9a-f]{2}:|fe80:|localhost$)/i;

/** Whether the internet may reach what listens there, as far as the address tells. */
export const isPublicBind = (bindAddress: string): boolean => !privateAddresses.test(bindAddress);

/** Whether only programs of the same host reach what listens there. */
export const isLoopback = (address: string): boolean => /^(127\.|::1$|localhost$)/.test(address);
