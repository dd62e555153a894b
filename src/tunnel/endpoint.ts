import { isPublic } from '../lib/cidr.ts';
import { UserError } from '../lib/errors.ts';
import type { Cluster } from '../model/cluster.ts';
import type { MasterEndpoint, PublicAddress, TunnelKind } from '../model/master-endpoint.ts';
import { getMasterUrl } from '../model/master-url.ts';

/** The settings that decide how tasks reach the master. */
export type MasterRouteSettings = {
  readonly master: {
    readonly reach: 'auto' | 'direct' | 'ssh' | 'ngrok' | 'url';
    readonly scheme: 'http' | 'https';
    readonly tls: boolean;
    readonly host?: string | undefined;
    readonly url?: string | undefined;
  };
  readonly ssh: { readonly host?: string | undefined; readonly bindAddress: string };
  readonly ngrok: {
    readonly domain?: string | undefined;
    readonly tcpAddress?: string | undefined;
    readonly trafficPolicyFile?: string | undefined;
  };
  readonly tunnel: { readonly allowPublic: boolean; readonly allowFrom?: readonly string[] | undefined };
  readonly gateway: { readonly reach: 'auto' | 'node' | 'published' | 'forward'; readonly forwardAddress: string };
};

/** The chosen route from tasks to the master (the reverse path). */
export type MasterRoute =
  | { readonly via: 'direct'; readonly because: string }
  | { readonly via: TunnelKind; readonly because: string }
  | { readonly via: 'url'; readonly endpoint: MasterEndpoint; readonly because: string };

/** Without a direct route, a tunnel only if the settings allow one. */
const chooseInstead = ({ ssh, ngrok, tunnel }: MasterRouteSettings): MasterRoute => {
  const because = 'auto: a pod does not reach this host directly';
  if (ssh.host && (tunnel.allowPublic || !isPublic(ssh.bindAddress))) return { via: 'ssh', because };
  if ((ngrok.domain || ngrok.tcpAddress) && tunnel.allowPublic) return { via: 'ngrok', because };
  throw new UserError('pods do not reach this host directly, and no other route to the master is configured', {
    id: 'tunnel.no-way-back',
    hint: 'choose one: --master-reach ssh --ssh-host HOST, --master-reach ngrok (both with --tunnel-allow-public true), or --master-reach url --master-url URL',
  });
};

/**
 * Chooses the route. `isDirect`: whether a pod reached this host directly; left out if that has not been tried, and
 * `auto` then takes the direct route. Throws UserError `tunnel.no-way-back` or `usage.master-url`.
 */
export const chooseMasterRoute = (settings: MasterRouteSettings, isDirect?: boolean): MasterRoute => {
  const { reach, url } = settings.master;
  if (reach === 'url')
    return { via: 'url', endpoint: getMasterUrl(url ?? '', 'master.url'), because: 'master.reach is url' };
  if (reach !== 'auto') return { via: reach, because: `master.reach is ${reach}` };
  if (isDirect === false) return chooseInstead(settings);
  const because = isDirect ? 'a pod reaches this host directly' : 'no tunnel unless a pod cannot reach this host';
  return { via: 'direct', because: `auto: ${because}` };
};

export type WantedMaster = {
  readonly scheme: 'http' | 'https';
  readonly port: number;
  /** Only when it is not the host as pods see it. */
  readonly host?: string;
};

/** The route without a tunnel: pods dial the host's own address. */
export const directEndpoint = ({ scheme, port, host }: WantedMaster, { hostAddress }: Cluster): MasterEndpoint => ({
  scheme,
  host: host ?? hostAddress,
  port,
  via: 'direct',
});

/** The public end of a tunnel as tasks dial it: a tunnel of bytes has the master's scheme, one that ends TLS its own. */
export const endpointThrough = (
  via: TunnelKind,
  { scheme, host, port }: PublicAddress,
  masterScheme: 'http' | 'https',
): MasterEndpoint => ({ scheme: scheme === 'https' ? scheme : masterScheme, host, port, via });
