import { makeTunnelSpec } from '../../src/daemon/spec.ts';
import type { WantedTunnels } from '../../src/daemon/wanted.ts';
import type { DriverSpec, TunnelDaemonSpec } from '../../src/instance/tunnels.ts';
import type { TunnelDaemonStatus, TunnelReport } from '../../src/model/tunnel-status.ts';
import { instanceRecord } from './context.ts';

/** The public end of the tunnels of these tests. */
export const address = { scheme: 'http', host: 'jump.example', port: 4000 } as const;

export const sshDriver = (more: Partial<(DriverSpec & { kind: 'ssh' })['settings']> = {}): DriverSpec => ({
  kind: 'ssh',
  settings: {
    ...{ host: 'jump', program: 'ssh', remotePort: 0, bindAddress: '0.0.0.0', hostKeyPolicy: 'accept-new' },
    ...{ serverAliveInterval: 60, serverAliveCountMax: 10, ...more },
  },
});
export const ngrokDriver = (settings = {}): DriverSpec => ({
  kind: 'ngrok',
  settings: { program: 'ngrok', ...settings },
});

/** Where the master of these tests listens. */
export const master = { host: '127.0.0.1', port: 8080 };
export const wantedTunnel = (driver: DriverSpec, more = {}): WantedTunnels => ({ tunnel: { driver, master, ...more } });
export const specFor = (wanted: WantedTunnels, last?: typeof address): TunnelDaemonSpec =>
  makeTunnelSpec({ dir: '/i/dev', record: () => instanceRecord() }, wanted, { last, now: 0 });

/** A daemon's status whose tunnel is up, but for what is given. */
export const statusOf = (tunnel: Partial<TunnelReport>): TunnelDaemonStatus => {
  const since = '2026-01-01T00:00:00.000Z';
  const whole = { kind: 'ssh', target: 'ssh jump', state: 'up', since, restarts: 0, master, connections: 0 } as const;
  return { instance: 'dev', uptimeMs: 1, events: [], tunnel: { ...whole, address, ...tunnel } };
};
