import { expect, test } from 'vitest';
import { isAsWanted, type WantedTunnels } from '../../src/daemon/wanted.ts';
import { master, ngrokDriver, specFor, sshDriver, wantedTunnel } from '../support/tunnels.ts';

test.each<[string, WantedTunnels, boolean]>([
  ['the same', wantedTunnel(sshDriver()), true],
  ['the same, for another time', wantedTunnel(sshDriver(), { ttlHours: 3 }), true],
  ['the same, with a setting that is not set', wantedTunnel(sshDriver({ configFile: undefined as never })), true],
  ['another host', wantedTunnel(sshDriver({ host: 'other' })), false],
  ['another kind', wantedTunnel(ngrokDriver()), false],
  ['another port of the master', wantedTunnel(sshDriver(), { master: { ...master, port: 1 } }), false],
  ['none', {}, false],
])('a daemon is left alone if %s is wanted', (_, what, expected) => {
  expect(isAsWanted(specFor(wantedTunnel(sshDriver(), { ttlHours: 8 })), what)).toBe(expected);
});
