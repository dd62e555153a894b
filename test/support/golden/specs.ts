import type { OriginalState, SupervisorSpec, TunnelDaemonSpec } from './source.ts';

/** The spec of a native node's supervisor, with every field. */
export const supervisor = {
  instance: 'dev',
  socketPath: '/state/instances/dev/keeper.sock',
  logsDir: '/state/instances/dev/logs',
  setup: [
    { run: ['mount', '--make-rprivate', '/'] },
    { write: { path: '/proc/sys/net/ipv4/ip_forward', text: '1\n' } },
  ],
  children: [
    {
      name: 'containerd',
      after: [],
      probe: { kind: 'socket', path: '/run/containerd/containerd.sock' },
      command: ['/bin/containerd', '--config', '/state/instances/dev/node/config/containerd.toml'],
      env: { PATH: '/usr/bin:/bin' },
    },
    {
      name: 'kube-apiserver',
      after: ['containerd'],
      probe: {
        kind: 'http',
        url: 'https://127.0.0.1:6443/livez',
        tls: { caPath: '/pki/ca.crt', certPath: '/pki/probe.crt', keyPath: '/pki/probe.key' },
      },
      command: ['/bin/kube-apiserver'],
    },
  ],
} as const satisfies SupervisorSpec;

type TunnelSpec = Required<NonNullable<TunnelDaemonSpec['tunnel']>>;
type Settings<Kind extends string> = Required<Extract<TunnelSpec['driver'], { readonly kind: Kind }>['settings']>;

const boot = { id: '00000003-0000-4000-8000-000000000000', untilMs: 86_400_000 };

const forward = {
  kubeconfigPath: '/state/instances/dev/kubeconfig',
  kubeContext: 'taskgate-dev',
  attach: { context: 'rack', allowContext: 'rack', kubeconfigPaths: ['/home/me/.kube/config'] },
  gateway: { name: 'contour', namespace: 'projectcontour' },
  address: '127.0.0.1',
  portRange: { start: 20000, end: 20199 },
  until: '2026-01-02T11:00:00.000Z',
  boot,
} as const satisfies Required<TunnelDaemonSpec['forward']>;

const place = {
  instance: 'dev',
  socketPath: '/state/instances/dev/tunnel.sock',
  folder: '/state/instances/dev',
  logsDir: '/state/instances/dev/logs',
} as const;

export const sshTunnel = {
  ...place,
  forward,
  tunnel: {
    driver: {
      kind: 'ssh',
      settings: {
        host: 'jump',
        port: 2222,
        remotePort: 0,
        bindAddress: '0.0.0.0',
        mustBePrivate: true,
        allowFrom: ['203.0.113.0/24'],
        publicHost: 'jump.example',
        hostKeyPolicy: 'accept-new',
        serverAliveInterval: 60,
        serverAliveCountMax: 10,
        configFile: '/home/user/ssh-config',
        program: 'ssh',
      } satisfies Settings<'ssh'>,
    },
    master: { host: '127.0.0.1', port: 8080 },
    secret: '0123456789abcdef0123456789abcdef',
    until: '2026-01-02T11:00:00.000Z',
    boot,
    staysIfPrivate: true,
    previous: { scheme: 'http', host: 'jump.example', port: 41234 },
  } satisfies Omit<TunnelSpec, 'timings'>,
} as const satisfies Required<TunnelDaemonSpec>;

export const ngrokTunnel = {
  ...place,
  tunnel: {
    driver: {
      kind: 'ngrok',
      settings: {
        program: 'ngrok',
        domain: 'tasks.example',
        tcpAddress: '1.tcp.ngrok.example:12345',
        trafficPolicyFile: '/home/user/policy.yml',
        allowFrom: ['203.0.113.0/24'],
        probeMinutes: 30,
        configFile: '/home/user/ngrok.yml',
      } satisfies Settings<'ngrok'>,
    },
    master: { host: '127.0.0.1', port: 8080 },
    secret: '0123456789abcdef0123456789abcdef',
  },
} as const satisfies TunnelDaemonSpec;

const version = { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { properties: {} } } };
/** A CRD is kept in full, also what its type does not name. */
const spec = { group: 'gateway.networking.k8s.io', scope: 'Namespaced', versions: [version] };
const gatewaysCRD = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'gateways.gateway.networking.k8s.io', uid: '00000002-0000-4000-8000-000000000000' },
} as const;

/** What somebody else's cluster had before taskgate came. */
export const before = {
  cluster: '00000001-0000-4000-8000-000000000000',
  crds: [{ ...gatewaysCRD, spec }],
  existed: [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'projectcontour' } },
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      metadata: { name: 'contour', namespace: 'projectcontour' },
    },
  ],
} as const satisfies OriginalState;
