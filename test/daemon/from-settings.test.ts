import { expect, test } from 'vitest';
import { wantedTunnelOf } from '../../src/daemon/from-settings.ts';
import { commandContext } from '../support/context.ts';
import { master, ngrokDriver, sshDriver } from '../support/tunnels.ts';

const { config } = commandContext({ folders: { stateDir: '/state', cacheDir: '/cache' } });
const because = '';
const settings = { ...config, ssh: { ...config.ssh, host: 'jump' } };

test('by way back and settings', () => {
  expect(wantedTunnelOf({ via: 'direct', because }, settings)).toBeUndefined();
  expect(wantedTunnelOf({ via: 'ssh', because }, settings)).toEqual({ driver: sshDriver(), master, ttlHours: 8 });
  expect(wantedTunnelOf({ via: 'ngrok', because }, settings)).toEqual({ driver: ngrokDriver(), master, ttlHours: 8 });
});

test('what only a private network reaches does not close by itself', () => {
  const closed = { ...settings, ssh: { ...settings.ssh, bindAddress: '10.0.0.1' } };
  expect(wantedTunnelOf({ via: 'ssh', because }, closed)?.ttlHours).toBeUndefined();
});

test('a tunnel by ssh needs a host', () => {
  expect(() => wantedTunnelOf({ via: 'ssh', because }, config)).toThrow('ssh.host is not set');
});
