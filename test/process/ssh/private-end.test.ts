import { describe, expect } from 'vitest';
import { noSshServer } from '../../../scripts/testbed/sshd.ts';
import type { SshSpec } from '../../../src/instance/tunnels.ts';
import { UserError } from '../../../src/lib/errors.ts';
import { execaRunner } from '../../../src/lib/process/runner.ts';
import { spawnTethered } from '../../../src/lib/process/tethered.ts';
import type { PrivateEnd } from '../../../src/model/tunnel-status.ts';
import { figure } from '../../support/figure.ts';
import { greeting, readAll } from '../../support/sshd/client.ts';
import { test } from '../../support/sshd/fixture.ts';

const privateAddress = '10.99.0.1';

/** ssh, but for lines that its server would not send. */
const withoutLine =
  (pattern: RegExp): typeof spawnTethered =>
  (command, { onLine = () => undefined, ...options } = {}) =>
    spawnTethered(command, { ...options, onLine: (line) => void (pattern.test(line) || onLine(line)) });

type Outcome = { readonly error: string } | { readonly privateEnd: PrivateEnd['state'] | undefined };

/** By GatewayPorts and the bind address, without and with consent to a public end. `name` is how tasks dial the server. */
const cases: readonly (readonly [gatewayPorts: string, bindAddress: string, without: Outcome, withConsent: Outcome])[] =
  [
    ['no', '127.0.0.1', { error: 'tunnel.ssh-loopback-only' }, { error: 'tunnel.ssh-loopback-only' }],
    ['no', privateAddress, { error: 'tunnel.ssh-loopback-only' }, { error: 'tunnel.ssh-loopback-only' }],
    ['no', '0.0.0.0', { error: 'usage.reach' }, { error: 'tunnel.ssh-loopback-only' }],
    ['clientspecified', '127.0.0.1', { error: 'tunnel.ssh-loopback-only' }, { error: 'tunnel.ssh-loopback-only' }],
    ['clientspecified', privateAddress, { privateEnd: 'proven' }, { privateEnd: 'proven' }],
    ['clientspecified', '0.0.0.0', { error: 'usage.reach' }, { privateEnd: undefined }],
    ['yes', '127.0.0.1', { error: 'tunnel.ssh-wildcard' }, { privateEnd: 'public' }],
    ['yes', privateAddress, { error: 'tunnel.ssh-wildcard' }, { privateEnd: 'public' }],
    ['yes', '0.0.0.0', { error: 'usage.reach' }, { privateEnd: undefined }],
  ];

const tried = cases.flatMap(([gatewayPorts, bindAddress, without, withConsent]) => [
  [gatewayPorts, bindAddress, 'without consent', without] as const,
  [gatewayPorts, bindAddress, 'with consent', withConsent] as const,
]);

/** By GatewayPorts and bind address. */
const publicWithoutConsent: string[] = [];

describe.skipIf(noSshServer)(`${noSshServer}a private bind address, with a real sshd`, () => {
  test.for(tried)('GatewayPorts %s, asked for %s, %s: %j', async ([gatewayPorts, bindAddress, consent, expected], {
    server,
    client,
  }) => {
    const { network, address } = server;
    await server.start([`GatewayPorts ${gatewayPorts}`]);
    // the address of a VPN, which both ends have
    await execaRunner(network.inside(['ip', 'address', 'add', `${privateAddress}/32`, 'dev', 'lo']));
    await execaRunner(['ip', 'route', 'add', `${privateAddress}/32`, 'via', address]);
    try {
      const spec: Partial<SshSpec> = {
        bindAddress,
        ...(consent === 'without consent' && { mustBePrivate: true }),
        ...(bindAddress === privateAddress && { publicHost: privateAddress }),
      };
      const driver = client.make({ spec, tools: { patienceMs: { arrival: 1_000 } } });
      const opened = await driver.open().catch((error: unknown) => error);
      const seen =
        opened instanceof UserError
          ? { error: opened.id, isFinal: driver.isFinal(opened) }
          : { privateEnd: (opened as { privateEnd?: PrivateEnd }).privateEnd?.state };
      expect(seen).toEqual('error' in expected ? { ...expected, isFinal: true } : expected);
      const isPublic = (await readAll({ host: address, port: 8080 }, 500)) === greeting;
      if (isPublic && consent === 'without consent') publicWithoutConsent.push(`${gatewayPorts} ${bindAddress}`);
      const mayBePublic = consent === 'with consent' && !('error' in expected) && expected.privateEnd !== 'proven';
      expect(isPublic).toBe(mayBePublic);
    } finally {
      await execaRunner(['ip', 'route', 'del', `${privateAddress}/32`]);
    }
  });

  test('no end is public without consent', () =>
    figure('public ends opened without consent, over sshd with each GatewayPorts value', publicWithoutConsent.length));

  test('asked again after each reconnect: an sshd that was set up anew is refused for good', async ({
    server,
    client,
  }) => {
    const { network, address } = server;
    await execaRunner(network.inside(['ip', 'address', 'add', `${privateAddress}/32`, 'dev', 'lo']));
    await execaRunner(['ip', 'route', 'add', `${privateAddress}/32`, 'via', address]);
    try {
      const driver = client.make({
        spec: { bindAddress: privateAddress, publicHost: privateAddress, mustBePrivate: true },
      });
      const { privateEnd, address: previous } = await driver.open();
      expect(privateEnd).toEqual({ state: 'proven', evidence: `${address} refuses port 8080` });
      await server.start(['GatewayPorts yes']);
      const error: unknown = await driver.open({ previous }).catch((thrown: unknown) => thrown);
      if (!(error instanceof UserError)) throw new Error('it opened', { cause: error });
      expect({ id: error.id, isFinal: driver.isFinal(error) }).toEqual({ id: 'tunnel.ssh-wildcard', isFinal: true });
      expect(error.message).toMatch(
        /asked to listen on 10\.99\.0\.1 alone, but sshd listens on every address: GatewayPorts yes; the tunnel is closed$/,
      );
      expect(error.hint).toMatch(/^set GatewayPorts clientspecified \(not yes\) in \/etc\/ssh\/sshd_config/);
    } finally {
      await execaRunner(['ip', 'route', 'del', `${privateAddress}/32`]);
    }
  });

  test('a server of another make says nothing: the nonce that arrives by its other address does', async ({
    server,
    client,
  }) => {
    await server.start(['GatewayPorts yes']);
    const driver = client.make({
      spec: { bindAddress: '127.0.0.1', mustBePrivate: true },
      tools: { spawn: withoutLine(/overridden by server/) },
    });
    const error: unknown = await driver.open().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      id: 'tunnel.ssh-wildcard',
      message: expect.stringContaining(`a nonce sent to port 8080 of ${server.address} arrived here`),
    });
    // sshd closes it once it has seen that ssh is gone
    const end = () => readAll({ host: server.address, port: 8080 }, 500);
    await expect.poll(end, { timeout: 10_000 }).toContain('ECONNREFUSED');
  });
});
