import { appendFile } from 'node:fs/promises';
import { describe, expect } from 'vitest';
import { noSshServer, type SshServer } from '../../../scripts/testbed/sshd.ts';
import type { SshSpec } from '../../../src/instance/tunnels.ts';
import { addJumpHost, knowHost, occupy } from '../../support/sshd/arrange.ts';
import { greeting, readAll } from '../../support/sshd/client.ts';
import { test } from '../../support/sshd/fixture.ts';

type Case = {
  readonly name: string;
  readonly arrange: (server: SshServer) => Promise<unknown>;
  readonly spec?: Partial<SshSpec>;
};

describe.skipIf(noSshServer)(`${noSshServer}what is no obstacle`, () => {
  const fine: readonly Case[] = [
    { name: 'a port taken for IPv6 only', arrange: (server) => occupy(server, '::') },
    { name: 'GatewayPorts yes', arrange: (server) => server.start(['GatewayPorts yes']) },
    { name: 'every address', arrange: async () => undefined, spec: { bindAddress: '*' } },
    { name: 'no commands allowed', arrange: (server) => server.start(['ForceCommand /bin/false', 'PermitTTY no']) },
    {
      name: 'a key for this port alone',
      arrange: (server) => server.authorize('restrict,port-forwarding,permitlisten="8080"'),
    },
    {
      name: 'a host that the user knows, with the policy yes',
      arrange: (server) => knowHost(server, 'host_key'),
      spec: { hostKeyPolicy: 'yes' },
    },
    {
      name: "a user's own master connection, forks and quiet",
      arrange: ({ clientConfig, dir }) =>
        appendFile(
          clientConfig,
          `  ControlMaster auto\n  ControlPath ${dir}/control\n  ControlPersist 60\n  ForkAfterAuthentication yes\n  LogLevel QUIET\n  ClearAllForwardings yes\n`,
        ),
    },
    {
      name: 'a jump host',
      // the ssh to the jump host has none of our options, only what the file says
      arrange: (server) => addJumpHost(server, 'StrictHostKeyChecking accept-new'),
    },
  ];
  for (const { name, arrange, spec = {} } of fine) {
    test.concurrent(name, async ({ server, client }) => {
      await arrange(server);
      const { address } = await client.make({ spec }).open();
      expect(address).toEqual({ scheme: 'http', host: server.address, port: 8080 });
      expect(await readAll(address)).toBe(greeting);
    });
  }
});
