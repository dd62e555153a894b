import { expect, test } from 'vitest';
import { wantedTunnelOf } from '../../src/daemon/from-settings.ts';
import { commandContext } from '../support/context.ts';
import { master, ngrokDriver, sshDriver } from '../support/tunnels.ts';

const { config } = commandContext({ folders: { stateDir: '/state', cacheDir: '/cache' } });
const because = '';
const settings = { ...config, ssh: { ...config.ssh, host: 'jump' } };

test('by way back and settings', () => {
  expect(wantedTunnelOf({ via: 'direct', because }, settings)).toBeUndefined();
  const driver = sshDriver({ mustBePrivate: true });
  expect(wantedTunnelOf({ via: 'ssh', because }, settings)).toEqual({ driver, master, ttlHours: 8 });
  expect(wantedTunnelOf({ via: 'ngrok', because }, settings)).toEqual({ driver: ngrokDriver(), master, ttlHours: 8 });
  const tunnel = { ...settings.tunnel, allowPublic: true, allowFrom: ['10.0.0.0/8'] };
  const allowed = { ...settings, tunnel };
  const { allowFrom } = tunnel;
  expect(wantedTunnelOf({ via: 'ssh', because }, allowed)?.driver).toEqual(sshDriver({ allowFrom }));
  expect(wantedTunnelOf({ via: 'ngrok', because }, allowed)?.driver).toEqual(ngrokDriver({ allowFrom }));
});

test('what is asked for at a private address closes by itself, unless it is proven to be there alone', () => {
  const closed = { ...settings, ssh: { ...settings.ssh, bindAddress: '10.0.0.1' } };
  expect(wantedTunnelOf({ via: 'ssh', because }, closed)).toMatchObject({ ttlHours: 8, staysIfPrivate: true });
  const named = { ...settings, ssh: { ...settings.ssh, bindAddress: '10.public.example' } };
  expect(wantedTunnelOf({ via: 'ssh', because }, named)).not.toHaveProperty('staysIfPrivate');
});

test('a tunnel by ssh needs a host', () => {
  expect(() => wantedTunnelOf({ via: 'ssh', because }, config)).toThrow('ssh.host is not set');
});
