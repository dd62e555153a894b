import type { InstanceRecord, Resource } from './source.ts';

type Part<Name extends keyof InstanceRecord> = Required<NonNullable<InstanceRecord[Name]>>;
type Settings = Part<'settings'>;

const bootId = '3f1c9a52-7d0e-4b8a-9c61-5e2f8d4a7b30';

/** One of each kind that a journal can hold; the type check wants a new kind here, and in the JSON files then. */
export const journalled = {
  cgroups: { kind: 'cgroups', paths: ['/sys/fs/cgroup/taskgate-dev-1a2b3c4d'] },
  link: { kind: 'link', name: 'tg-1a2b3c4d' },
  keeper: { kind: 'keeper', process: { pid: 4242, startTicks: 987654, bootId } },
  tunnels: { kind: 'tunnels', process: { pid: 4343, startTicks: 998877, bootId } },
  master: { kind: 'master', process: { pid: 4444, startTicks: 998899, bootId } },
  'minikube-profile': { kind: 'minikube-profile', profile: 'taskgate-mini', driver: 'docker', owned: true },
} as const satisfies { readonly [Kind in Resource['kind']]: Extract<Resource, { readonly kind: Kind }> };

const endpoint = {
  name: 'contour',
  namespace: 'projectcontour',
  address: '10.210.255.2',
  portRange: { start: 20000, end: 20199 },
  capacity: { limit: 200, because: 'the port range' },
  allowFrom: ['10.210.255.1/32'],
} as const satisfies Omit<Part<'gateway'>, 'via'>;

const gatewaySettings = {
  name: 'contour',
  namespace: 'projectcontour',
  className: 'contour',
  listenerLimit: 256,
  portRange: { start: 20000, end: 20199 },
  seedPort: 19999,
  contourReplicas: 2,
} as const satisfies Required<Settings['gateway']>;

const masterSettings = {
  port: 8080,
  clusterName: 'default',
  resourcePool: 'default',
  taskNamespace: 'default',
  taskImage: 'registry.example/small:1',
  maxSlotsPerPod: 1,
  tls: false,
  root: '/home/user/determined/tools/build',
  version: '0.38.1',
} as const satisfies Required<Settings['master']>;

/** The file has all settings of these sections, also those that the type of the record does not name. */
const gateway = { ...gatewaySettings, reach: 'forward', forwardAddress: '127.0.0.1' };
const master = {
  scheme: 'http',
  host: 'master.example',
  reach: 'ssh',
  url: 'https://master.example',
  ...masterSettings,
};
const ssh = { host: 'jump', remotePort: 0, bindAddress: '0.0.0.0', hostKeyPolicy: 'accept-new', program: 'ssh' };
const ngrok = { program: 'ngrok', domain: 'tasks.example' };
const tunnel = { allowPublic: true, ttlHours: 8 };

/** With every field that a native instance can have. */
export const native = {
  schema: 1,
  createdAt: '2026-01-02T03:04:05.678Z',
  instanceId: '0123456789abcdef',
  name: 'dev',
  provider: 'native',
  cidr: '10.210.0.0/16',
  journal: [journalled.cgroups, journalled.link, journalled.keeper, journalled.tunnels, journalled.master],
  cluster: {
    name: 'dev',
    provider: 'native',
    kubeconfigPath: '/state/instances/dev/kubeconfig',
    kubeContext: 'taskgate-dev',
    nodeName: 'taskgate-dev',
    nodeAddress: '10.210.255.2',
    hostAddress: '10.210.255.1',
  },
  merged: { path: '/home/user/.kube/config', kubeContext: 'taskgate-dev' },
  mergedBefore: [{ path: '/home/user/other', kubeContext: 'taskgate-dev' }],
  publishedAddress: '10.210.255.2',
  gateway: { ...endpoint, address: '127.0.0.1', via: 'forward' },
  master: { scheme: 'http', host: 'jump.example', port: 41234, via: 'ssh' },
  settings: { gateway, master, ssh, ngrok, tunnel },
  given: { 'master.reach': 'ssh', 'ssh.host': 'jump', 'gateway.contourReplicas': 2, 'tunnel.allowPublic': true },
  clusterId: '00000001-0000-4000-8000-000000000000',
  masterRoot: '/home/user/determined/tools/build',
  proven: { at: '2026-01-02T03:05:06.789Z', run: 'a1b2c3', settings: 'd4e5f6' },
  masterProven: { at: '2026-01-02T03:05:16.789Z', run: 'b2c3d4' },
  ownsUnmarked: true,
  unfinished: { since: '2026-01-02T03:05:00.000Z', step: 'Install Contour and the Gateway' },
} as const satisfies Required<Omit<InstanceRecord, 'minikube' | 'attach' | 'networkPolicy'>>;

const published = { address: '127.0.0.1', portRange: { start: 20000, end: 20199 } } as const;

export const minikube = {
  schema: 1,
  createdAt: '2026-01-02T03:04:05.678Z',
  name: 'mini',
  provider: 'minikube',
  minikube: {
    driver: 'docker',
    cpus: 2,
    memoryMb: 4096,
    baseImage: 'registry.example/kicbase:1',
    profile: 'taskgate-mini',
    profileGiven: false,
    published: { ...published, given: true },
    startArgs: ['--disk-size=20g'],
    serviceCidr: '10.97.0.0/16',
    program: '/cache/items/minikube/minikube',
  } satisfies Part<'minikube'>,
  journal: [journalled['minikube-profile']],
  cluster: {
    name: 'mini',
    provider: 'minikube',
    kubeconfigPath: '/state/instances/mini/kubeconfig',
    kubeContext: 'taskgate-mini',
    nodeName: 'taskgate-mini',
    nodeAddress: '192.168.49.2',
    hostAddress: '192.168.49.1',
    published: { ...published, from: '192.168.49.1' },
  },
  gateway: { ...endpoint, address: '127.0.0.1', via: 'published' },
  master: { scheme: 'http', host: '192.168.49.1', port: 8080, via: 'direct' },
} as const satisfies InstanceRecord;

export const attach = {
  schema: 1,
  createdAt: '2026-01-02T03:04:05.678Z',
  name: 'theirs',
  provider: 'attach',
  attach: {
    context: 'kind-theirs',
    allowContext: 'kind-theirs',
    kubeconfigPaths: ['/home/user/.kube/config'],
  } satisfies Part<'attach'>,
  journal: [],
  gateway: endpoint,
  master: { scheme: 'https', host: 'master.example', port: 443, via: 'url' },
} as const satisfies InstanceRecord;

export const tunnelOnly = {
  schema: 1,
  createdAt: '2026-01-02T03:04:05.678Z',
  name: 'way-back',
  provider: 'attach',
  journal: [journalled.tunnels],
  master: { scheme: 'https', host: 'tasks.ngrok.example', port: 443, via: 'ngrok' },
} as const satisfies InstanceRecord;
