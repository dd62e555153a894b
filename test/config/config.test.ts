import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';

const load = (env: Readonly<Record<string, string>>, flags: Readonly<Record<string, string>> = {}) =>
  loadConfig({ cwd: tmpdir(), env, flags, check: () => [] });

test.each([
  ['true', true],
  ['false', false],
])('a switch is %s', async (text, recreate) => {
  expect((await load({ TASKGATE_RECREATE: text })).config).toMatchObject({ recreate });
  expect((await load({}, { recreate: text })).config).toMatchObject({ recreate });
});

test.each([
  ['10.0.0.0/8,192.168.1.7', ['10.0.0.0/8', '192.168.1.7/32']],
  ['10.0.0.0/8 172.16.0.0/12', ['10.0.0.0/8', '172.16.0.0/12']],
  ['none', []],
])('a list is %s', async (text, allowFrom) => {
  const { config } = await load({}, { 'gateway.allowFrom': text });
  expect(config.gateway.allowFrom).toEqual(allowFrom);
});

test('callers of a tunnel may be IPv6 ranges and addresses', async () => {
  const { config } = await load({}, { 'tunnel.allowFrom': '203.0.113.7,2001:db8::/32,2001:db8::1' });
  expect(config.tunnel.allowFrom).toEqual(['203.0.113.7/32', '2001:db8::/32', '2001:db8::1/128']);
});

test('an entry of a list that is no range is refused, with its place', async () => {
  await expect(load({}, { 'gateway.allowFrom': '10.0.0.0/8,office' })).rejects.toThrow(
    '--gateway-allow-from: gateway.allowFrom.1: must be an IPv4 address or a range such as 192.168.0.0/16, got "office"',
  );
});

test('a master with a certificate speaks https, and config show says why', async () => {
  const { config, origins } = await load({ TASKGATE_MASTER_TLS: 'true' });
  expect(config.master).toMatchObject({ tls: true, scheme: 'https' });
  expect(origins['master.scheme']).toBe('master.tls');
});

test('a switch that is neither on nor off is refused', async () => {
  await expect(load({ TASKGATE_RECREATE: 'maybe' })).rejects.toThrow(
    'TASKGATE_RECREATE: recreate: must be true or false, got "maybe"',
  );
});

test('a word that a program would read as a flag is refused', async () => {
  await expect(load({}, { 'ssh.host': '-oProxyCommand=true' })).rejects.toThrow(
    '--ssh-host: ssh.host: must be one word that does not begin with a dash, got "-oProxyCommand=true"',
  );
});
