import type { Config } from '../config/config.ts';
import type { DriverSpec } from '../instance/tunnels.ts';
import { withoutUndefined } from '../lib/defined.ts';
import { UserError } from '../lib/errors.ts';
import { isPublicBind, type MasterRoute } from '../tunnel/endpoint.ts';
import type { WantedTunnels } from './wanted.ts';

type TunnelSettings = Pick<Config, 'ssh' | 'ngrok' | 'tunnel'> & { readonly master: Pick<Config['master'], 'port'> };

const driverOf = (via: 'ssh' | 'ngrok', { ssh, ngrok }: TunnelSettings): DriverSpec => {
  if (via === 'ngrok') return { kind: 'ngrok', settings: withoutUndefined(ngrok) };
  const { host, ...settings } = ssh;
  if (host === undefined) {
    throw new UserError('ssh.host is not set', {
      id: 'usage.no-ssh-host',
      hint: 'name a host that the cluster can reach: --ssh-host HOST',
    });
  }
  return { kind: 'ssh', settings: withoutUndefined({ ...settings, host }) };
};

/** The tunnel of a route to the master; undefined where it needs none. A public tunnel expires. */
export const wantedTunnelOf = ({ via }: MasterRoute, settings: TunnelSettings): WantedTunnels['tunnel'] => {
  if (via !== 'ssh' && via !== 'ngrok') return undefined;
  const isPublic = via === 'ngrok' || isPublicBind(settings.ssh.bindAddress);
  return {
    driver: driverOf(via, settings),
    master: { host: '127.0.0.1', port: settings.master.port },
    ...(isPublic && { ttlHours: settings.tunnel.ttlHours }),
  };
};
