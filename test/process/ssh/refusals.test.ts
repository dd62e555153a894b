import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { noSshServer, type SshServer } from '../../../scripts/testbed/sshd.ts';
import type { SshSpec } from '../../../src/instance/tunnels.ts';
import { UserError } from '../../../src/lib/errors.ts';
import { execaRunner } from '../../../src/lib/process/runner.ts';
import { addJumpHost, knowHost, occupy } from '../../support/sshd/arrange.ts';
import type { Client } from '../../support/sshd/client.ts';
import { test } from '../../support/sshd/fixture.ts';

type Refused = { readonly id: string; readonly says: RegExp; readonly hint: RegExp; readonly passes?: boolean };

/** The tunnel does not open, for this reason and no other. */
const expectRefusal = async (client: Client, spec: Partial<SshSpec>, { id, says, hint, passes = false }: Refused) => {
  const driver = client.make({ spec });
  const error: unknown = await driver.open().catch((thrown: unknown) => thrown);
  if (!(error instanceof UserError)) throw new Error(`no refusal: ${JSON.stringify(error)}`, { cause: error });
  expect({ id: error.id, isFinal: driver.isFinal(error) }).toEqual({ id: `tunnel.ssh-${id}`, isFinal: !passes });
  expect(error.message).toMatch(says);
  expect(error.hint).toMatch(hint);
  expect(error.message).not.toMatch(/debug\d:/);
};

type Case = {
  readonly name: string;
  readonly arrange: (server: SshServer, client: Client) => Promise<unknown>;
  readonly spec?: Partial<SshSpec>;
} & Refused;

const taken: Refused = { id: 'port-taken', says: /port 8080 of 198\.\S+ is in use$/, hint: /ss -ltnp 'sport = :8080'/ };
const forbidden: Refused = {
  id: 'forwarding-forbidden',
  says: /forbids user root to forward ports$/,
  hint: /AllowTcpForwarding remote and DisableForwarding no in \/etc\/ssh\/sshd_config.*no-port-forwarding/,
};

const cases: readonly Case[] = [
  {
    name: 'a host that has no address',
    arrange: async () => undefined,
    spec: { host: 'no-such-host.invalid' },
    ...{ id: 'unknown-host', says: /Could not resolve hostname no-such-host\.invalid/, hint: /HostName/ },
  },
  {
    name: 'a server that does not run',
    arrange: (server) => server.kill(),
    ...{
      id: 'unreachable',
      says: /port 22: Connection refused$/,
      hint: /--ssh-host and --ssh-port\? check that sshd of 198\.\S+ runs/,
      passes: true,
    },
  },
  {
    name: 'a port that is not of ssh',
    arrange: (server) => occupy(server, '0.0.0.0', 2222),
    spec: { port: 2222 },
    ...{ id: 'unreachable', says: /kex_exchange_identification|banner exchange/, hint: /port 2222/, passes: true },
  },
  {
    name: 'a key that the server does not know',
    arrange: (server) => writeFile(join(server.dir, 'authorized_keys'), ''),
    ...{
      id: 'refused-key',
      says: /root@198\.\S+ refuses every key \(offered: \S+user_key\)$/,
      hint: /authorized_keys/,
    },
  },
  {
    name: 'a key with a passphrase',
    arrange: ({ dir }) => execaRunner(['ssh-keygen', '-q', '-p', '-N', 'secret', '-f', join(dir, 'user_key')]),
    ...{ id: 'refused-key', says: /refuses every key/, hint: /ssh-add/ },
  },
  {
    name: 'a server that takes only passwords',
    arrange: (server) => server.start(['PubkeyAuthentication no', 'PasswordAuthentication yes']),
    ...{
      id: 'password-needed',
      says: /accepts only password,.*cannot enter a password$/,
      hint: /ssh-copy-id tunnel-host/,
    },
  },
  {
    name: 'a changed host key',
    arrange: async (server, client) => {
      await (await client.make().open()).close();
      await server.changeHostKey();
      await server.start();
    },
    ...{
      id: 'host-key-changed',
      says: /host key differs from the one of 198\.\S+ in \S+known_hosts, line 1$/,
      hint: /ssh-keygen -f "\S+known_hosts" -R "198\.[\d.]+"; if not, the connection may be intercepted$/,
    },
  },
  {
    name: 'a changed host key that only the user has seen before',
    arrange: (server) => knowHost(server, 'user_key'),
    ...{ id: 'host-key-changed', says: /tg-sshd-\S+known_hosts, line 2$/, hint: /tg-sshd-/ },
  },
  {
    name: 'a host key that is not known, with the policy yes',
    arrange: async () => undefined,
    spec: { hostKeyPolicy: 'yes' },
    ...{ id: 'host-key-unknown', says: /no known_hosts file has the host key of 198\./, hint: /accept-new/ },
  },
  {
    name: 'a jump host whose key is not known',
    arrange: (server) => addJumpHost(server),
    ...{ id: 'host-key-unknown', says: /or of a jump host$/, hint: /for the jump hosts$/ },
  },
  {
    name: 'a jump host that does not run',
    arrange: async (server) => {
      await addJumpHost(server);
      await server.kill();
    },
    ...{ id: 'unreachable', says: /port 22: Connection refused$/, hint: /ProxyJump/, passes: true },
  },
  { name: 'a port taken for IPv4', arrange: (server) => occupy(server, '0.0.0.0'), ...taken },
  {
    name: 'a port taken for both',
    arrange: async (server) => {
      await occupy(server, '0.0.0.0');
      await occupy(server, '::');
      await server.start(['GatewayPorts yes']);
    },
    ...taken,
  },
  {
    name: 'a port taken for IPv4 where sshd is content with IPv6',
    arrange: async (server) => {
      await occupy(server, '0.0.0.0');
      await server.start(['GatewayPorts yes']);
    },
    ...{ id: 'port-elsewhere', says: /another program answers on 198\.\S+:8080/, hint: /GatewayPorts clientspecified/ },
  },
  {
    name: 'GatewayPorts no',
    arrange: (server) => server.start(['GatewayPorts no']),
    ...{
      id: 'loopback-only',
      says: /refuses port 8080.*GatewayPorts no/,
      hint: /^set GatewayPorts clientspecified in/,
    },
  },
  { name: 'AllowTcpForwarding no', arrange: (server) => server.start(['AllowTcpForwarding no']), ...forbidden },
  { name: 'DisableForwarding yes', arrange: (server) => server.start(['DisableForwarding yes']), ...forbidden },
  { name: 'a restricted key', arrange: (server) => server.authorize('restrict'), ...forbidden },
  {
    name: 'a key for other ports',
    arrange: (server) => server.authorize('restrict,port-forwarding,permitlisten="9999"'),
    ...{ id: 'forwarding-forbidden', says: /listen on 0\.0\.0\.0 port 8080$/, hint: /permitlisten/ },
  },
  {
    name: 'a program that is not there',
    arrange: async () => undefined,
    spec: { program: 'no-such-ssh' },
    ...{ id: 'missing', says: /^The program no-such-ssh was not found$/, hint: /openssh-client/ },
  },
  {
    name: 'settings that ssh does not know',
    arrange: ({ clientConfig }) => appendFile(clientConfig, '  PortForwarding yes\n'),
    ...{ id: 'config', says: /ssh_config: line \d+: Bad configuration option: portforwarding$/, hint: /fix the file/ },
  },
  {
    name: 'a settings file that is not there',
    arrange: async () => undefined,
    spec: { configFile: '/no/such/file' },
    ...{ id: 'config', says: /\/no\/such\/file/, hint: /fix the file/ },
  },
  {
    name: 'algorithms that the server has not',
    arrange: (server) => server.start(['Ciphers aes128-ctr', 'KexAlgorithms diffie-hellman-group1-sha1']),
    ...{
      id: 'algorithms',
      says: /Unable to negotiate.*Their offer: diffie-hellman-group1-sha1/,
      hint: /KexAlgorithms/,
    },
  },
];

describe.skipIf(noSshServer)(
  `${noSshServer}what keeps a tunnel from opening, each with its cause and the way out`,
  () => {
    for (const { name, arrange, spec = {}, ...refused } of cases) {
      test.concurrent(name, async ({ server, client }) => {
        await arrange(server, client);
        await expectRefusal(client, spec, refused);
      });
    }
  },
);
