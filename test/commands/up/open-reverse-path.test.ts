import { expect, test } from 'vitest';
import { chooseReversePath, findFreePortNote, findTunnelInstead } from '../../../src/commands/up/open-reverse-path.ts';
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

test('a port that nobody has is told: anyone may take it', () => {
  const socket = { address: '00000000', peerPort: 0, uid: 0, inode: 1 };
  const master = { ...socket, port: 8080, isListening: true };
  expect(findFreePortNote(8080, [master])).toBeUndefined();
  expect(findFreePortNote(8080, [])).toBeUndefined();
  for (const other of [
    { ...master, port: 8081 },
    { ...master, isListening: false },
  ])
    expect(findFreePortNote(8080, [other])).toMatch(/^no master listens on port 8080 of this host yet: /);
});
