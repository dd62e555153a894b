import type { Config } from '../config/config.ts';
import type { DriverSpec } from '../instance/tunnels.ts';
import { UserError } from '../lib/errors.ts';
import { isPublicBind, type Reach } from '../tunnel/endpoint.ts';
import type { WantedTunnels } from './wanted.ts';

type TunnelSettings = Pick<Config, 'ssh' | 'ngrok' | 'tunnel'> & { readonly master: Pick<Config['master'], 'port'> };

const driverOf = (via: 'ssh' | 'ngrok', { ssh, ngrok }: TunnelSettings): DriverSpec => {
  if (via === 'ngrok') return { kind: 'ngrok', settings: withoutUndefined(ngrok) };
  const { host, ...settings } = ssh;
  if (host === undefined) {
    throw new UserError('ssh.host is not set', {
      id: 'usage.no-ssh-host',
      hint: 'name a host of yours that the cluster reaches: --ssh-host HOST',
    });
  }
  return { kind: 'ssh', settings: withoutUndefined({ ...settings, host }) };
};

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** The schema gives a setting that is left out as undefined, those who use it know only one that is not there. */
const withoutUndefined = <T extends object>(settings: T): Defined<T> =>
  Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as Defined<T>;

/** The tunnel for a way back that was chosen; undefined where it needs none. What the internet may reach gets an end. */
export const wantedTunnelOf = ({ via }: Reach, settings: TunnelSettings): WantedTunnels['tunnel'] => {
  if (via !== 'ssh' && via !== 'ngrok') return undefined;
  const isPublic = via === 'ngrok' || isPublicBind(settings.ssh.bindAddress);
  return {
    driver: driverOf(via, settings),
    master: { host: '127.0.0.1', port: settings.master.port },
    ...(isPublic && { ttlHours: settings.tunnel.ttlHours }),
  };
};
