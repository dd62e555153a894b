import type { SshSpec } from '../../../src/instance/tunnels.ts';
import type { SshHost } from '../../../src/tunnel/ssh/command.ts';

export const sampleSpec: SshSpec = {
  host: 'aws-dev.prv',
  remotePort: 8080,
  bindAddress: '0.0.0.0',
  hostKeyPolicy: 'accept-new',
  serverAliveInterval: 60,
  serverAliveCountMax: 10,
  program: 'ssh',
};

export const sampleHost: SshHost = {
  hostName: 'aws-dev.example.com',
  user: 'ubuntu',
  port: 22,
  knownHostsFiles: ['/home/me/.ssh/known_hosts'],
  isIndirect: false,
};
