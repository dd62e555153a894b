import { test as plain } from 'vitest';
import { hostAlias, noSshServer, type SshServer, startSshServer } from '../../../scripts/testbed/sshd.ts';
import { makeTaskgate, type Taskgate } from './taskgate.ts';

export const test = plain.skipIf(noSshServer !== '');

/** A user of an instance whose master is to be reached through a real sshd on a machine of its own. */
export type SshTunnel = {
  readonly taskgate: Taskgate;
  readonly server: SshServer;
  /** The flags that make `up` open the tunnel, and notice within seconds when it is cut. */
  readonly ssh: readonly string[];
  /** Takes the instance and the server away. */
  readonly close: () => Promise<void>;
};

export const startSshTunnel = async (name: string): Promise<SshTunnel> => {
  const taskgate = await makeTaskgate();
  const server = await startSshServer();
  const ssh = [
    ...['--name', name, '--master-reach', 'ssh', '--ssh-host', hostAlias, '--ssh-config-file', server.clientConfig],
    ...['--tunnel-allow-public', '--ssh-server-alive-interval', '1', '--ssh-server-alive-count-max', '3'],
  ];
  const close = async () => {
    await taskgate.close(name);
    await server.remove();
  };
  return { taskgate, server, ssh, close };
};
