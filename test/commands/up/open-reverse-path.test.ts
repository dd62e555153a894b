import { expect, test } from 'vitest';
import { chooseReversePath, findTunnelInstead } from '../../../src/commands/up/open-reverse-path.ts';
import { commandContext } from '../../support/context.ts';

const { config } = commandContext({ folders: { stateDir: '/state', cacheDir: '/cache' } });
const allowed = { ...config, ssh: { ...config.ssh, host: 'jump' }, tunnel: { ...config.tunnel, allowPublic: true } };
const was = (via: 'direct' | 'ssh' | 'ngrok') => ({ master: { scheme: 'http', host: 'h', port: 1, via } as const });

test('auto stays with the tunnel that it came to before, and starts with none', () => {
  expect(chooseReversePath(allowed, {}).via).toBe('direct');
  expect(chooseReversePath(allowed, was('direct')).via).toBe('direct');
  expect(chooseReversePath(allowed, was('ssh'))).toEqual({ via: 'ssh', because: 'auto: as before' });
});

test('a tunnel that the settings allow no more is given up', () => {
  expect(findTunnelInstead(config)).toBeUndefined();
  expect(chooseReversePath(config, was('ssh')).via).toBe('direct');
});

test('a way that the settings name wins over what was before', () => {
  const named = { ...allowed, master: { ...allowed.master, reach: 'direct' as const } };
  expect(chooseReversePath(named, was('ssh'))).toEqual({ via: 'direct', because: 'master.reach is direct' });
});
