/** A taskgate.yaml with settings of each kind. */
export const settingsTree = {
  name: 'dev',
  provider: 'native',
  network: { policies: true, egressAllow: ['10.0.0.0/8'], cidr: '10.210.0.0/16' },
  gateway: { name: 'gw', listenerLimit: 300, portRange: { start: 21_000, end: 21_100 }, seedPort: 20_999 },
  master: { port: 8080, reach: 'ssh', maxSlotsPerPod: 2, tls: false },
  ssh: { host: 'me@example', remotePort: 4000 },
  tunnel: { allowPublic: true, ttlHours: 4, allowFrom: ['192.0.2.0/24'] },
  mirror: 'https://user:password@mirror.example/x',
  minikube: { startArgs: '--cpus=2' },
};

export const settingsFile = `# mine
name: dev
gateway:
  portRange: {start: 21000, end: 21100} # as ever
  listenerLimit: 300
master:
  reach: "url"
  url: https://master.example:8443
tunnel:
network: {}
`;
