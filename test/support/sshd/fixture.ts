import { test as base } from 'vitest';
import { type SshServer, startSshServer } from '../../../scripts/testbed/sshd.ts';
import { type Client, startClient } from './client.ts';

/** A test with a real sshd and a client of it; both are removed after it. */
export const test = base.extend<{ server: SshServer; client: Client }>({
  server: async ({ task: _ }, use) => {
    const server = await startSshServer();
    await use(server);
    await server.remove();
  },
  client: async ({ server }, use) => {
    const client = await startClient(server);
    await use(client);
    await client.close();
  },
});
