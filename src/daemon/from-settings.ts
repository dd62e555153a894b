import type { Config } from '../config/config.ts';
import type { DriverSpec } from '../instance/tunnels.ts';
import { isPublic } from '../lib/cidr.ts';
import { withoutUndefined } from '../lib/defined.ts';
import { UserError } from '../lib/errors.ts';
import type { MasterRoute } from '../tunnel/endpoint.ts';
import type { WantedTunnels } from './wanted.ts';

type TunnelSettings = Pick<Config, 'ssh' | 'ngrok' | 'tunnel'> & { readonly master: Pick<Config['master'], 'port'> };

const driverOf = (via: 'ssh' | 'ngrok', { ssh, ngrok, tunnel }: TunnelSettings): DriverSpec => {
  const { allowFrom } = tunnel;
  if (via === 'ngrok') return { kind: 'ngrok', settings: withoutUndefined({ ...ngrok, allowFrom }) };
  const { host, ...settings } = ssh;
  if (host === undefined) {
    throw new UserError('ssh.host is not set', {
      id: 'usage.no-ssh-host',
      hint: 'name a host that the cluster can reach: --ssh-host HOST',
    });
  }
  const consent = tunnel.allowPublic ? {} : { mustBePrivate: true };
  return { kind: 'ssh', settings: withoutUndefined({ ...settings, ...consent, allowFrom, host }) };
};

/**
 * The tunnel of a route to the master; undefined where it needs none. It expires, unless its end was asked for at a private
 * address and is proven to be there alone.
 */
export const wantedTunnelOf = ({ via }: MasterRoute, settings: TunnelSettings): WantedTunnels['tunnel'] => {
  if (via !== 'ssh' && via !== 'ngrok') return undefined;
  const isPrivate = via === 'ssh' && !isPublic(settings.ssh.bindAddress);
  return {
    driver: driverOf(via, settings),
    master: { host: '127.0.0.1', port: settings.master.port },
    ttlHours: settings.tunnel.ttlHours,
    ...(isPrivate && { staysIfPrivate: true }),
  };
};
