/** Good inputs of each handler, from which the others are made. */
const info = { cluster_id: 'c', version: '0.38', nonce: 'n' };

export const httpRequests: readonly [string, ...string[]] = [
  'GET /info?nonce=abc HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET // HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET /info HTTP/1.0\r\n\r\n',
  'POST /info?nonce=%00 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc',
  'GET /.taskgate/probe?nonce=00000000000000000000000000000000&sign=00 HTTP/1.1\r\nHost: a\r\n\r\n',
  'OPTIONS * HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
];

export const httpAnswers: readonly [string, ...string[]] = [
  'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
  'HTTP/1.1 302 Found\r\nLocation: http://[\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 301 Moved\r\nLocation: ftp://x/\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 307 Moved\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 302 Found\r\nLocation: http://%zz:%zz@127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
  `HTTP/1.0 200 OK\r\n\r\n${JSON.stringify(info)}`,
];

export const supervisorStatus: readonly [unknown] = [
  {
    ...{ instance: 'dev', uptimeMs: 5 },
    children: [{ name: 'etcd', state: 'backoff', pid: 4, restarts: 1, lastExit: 'exited with 2' }],
  },
];

export const tunnelStatus: readonly [unknown] = [
  {
    ...{ instance: 'dev', uptimeMs: 5, events: [{ number: 1, at: '2026-01-01T00:00:00.000Z', text: 'ssh up' }] },
    tunnel: {
      ...{ kind: 'ssh', target: 'ssh a', state: 'degraded', since: '2026', restarts: 1, detail: 'x', hint: 'y' },
      ...{ errorId: 'tunnel.not-up', until: '2026-01-01T00:00:00.000Z', connections: 1 },
      address: { scheme: 'http', host: 'a', port: 80 },
      proven: { at: '2026', latencyMs: 1.5 },
      master: { host: '127.0.0.1', port: 8080, trouble: 'refused' },
    },
    forward: { state: 'backoff', detail: 'x', connections: 2, listeners: [{ name: 'det-1', port: 1, state: 'up' }] },
  },
];

export const starterEvents: readonly [unknown, ...unknown[]] = [
  { event: 'set-up' },
  { event: 'failed', message: 'mount: no' },
  { event: 'child', name: 'etcd', state: 'backoff', detail: 'exited with 2' },
];

export const ngrokLines: readonly [unknown, ...unknown[]] = [
  { lvl: 'info', msg: 'started tunnel', url: 'https://a.ngrok.app' },
  { lvl: 'eror', msg: 'failed', err: 'ERR_NGROK_108: limit' },
];

export const ngrokTunnels: readonly [unknown] = [
  { tunnels: [{ public_url: 'https://a.ngrok.app', config: { addr: 'http://127.0.0.1:8080' } }] },
];

export const dialAnswers: readonly [unknown, ...unknown[]] = [
  { responses: [JSON.stringify(info)] },
  { errors: ['dial tcp 10.0.0.1:8080: connection refused'] },
];

const prefix = 'io.k8s.sigs.minikube.';
export const minikubeEvents: readonly [unknown, ...unknown[]] = [
  { type: `${prefix}step`, data: { currentstep: '1', totalsteps: '9', name: 'Preparing Kubernetes', message: 'x' } },
  { type: `${prefix}download.progress`, data: { artifact: 'kic', progress: '0.5' } },
  { type: `${prefix}error`, data: { exitcode: '80', name: 'GUEST_X', message: 'x', advice: 'y' } },
];

export const minikubeProfiles: readonly [unknown] = [
  {
    invalid: [],
    valid: [
      {
        Name: 'p',
        Config: {
          ...{ Driver: 'docker', CPUs: 2, Memory: 2_000 },
          KubernetesConfig: { KubernetesVersion: 'v1', ContainerRuntime: 'containerd', ServiceCIDR: '10.0.0.0/8' },
          Nodes: [{ IP: '10.0.0.1', Port: 8443, ControlPlane: true }],
        },
      },
    ],
  },
];

export const minikubeStates: readonly [unknown, ...unknown[]] = [
  { Host: 'Running', Kubelet: 'Running', APIServer: 'Running', Kubeconfig: 'Configured' },
  [{ Host: 'Stopped' }],
];

export const dockerInfo: readonly [unknown] = [
  { NCPU: 2, MemTotal: 1e9, OperatingSystem: 'Debian', SecurityOptions: ['name=seccomp'] },
];

const vpnLink = { linkinfo: { info_kind: 'tun' }, addr_info: [{ local: '10.8.0.1', family: 'inet' }] };
export const ipOutput: readonly [unknown] = [
  [{ dst: 'default', dev: 'eth0', table: 'main', prefsrc: '10.0.0.1', priority: 5, ifname: 'eth0', ...vpnLink }],
];

export const podLists: readonly [unknown] = [
  { metadata: { resourceVersion: '5' }, items: [{ metadata: { name: 'a', namespace: 'n' }, status: {} }] },
];

export const watchEvents: readonly [unknown, ...unknown[]] = [
  { type: 'ADDED', object: { metadata: { name: 'b' } } },
  { type: 'DELETED', object: { metadata: { name: 'a', namespace: 'n' } } },
  { type: 'ERROR', object: { code: 410 } },
];

export const apiResources: readonly [unknown] = [
  { groupVersion: 'v1', resources: [{ name: 'pods', kind: 'Pod', namespaced: true, verbs: ['list'] }] },
];

export const masterAnswers: readonly [unknown, ...unknown[]] = [
  info,
  { token: 't' },
  { command: { id: 'c', state: 'STATE_RUNNING', exitStatus: '' } },
  { task: { allocations: [{ allocationId: 'c.1' }] } },
  { result: { log: 'line\n', message: 'm' } },
  { error: { error: 'no' }, message: 'no' },
];

export const sshLines: readonly [string, ...string[]] = [
  'debug1: Remote connections from LOCALHOST:0 forwarded to local address 127.0.0.1:8080',
  'Allocated port 40000 for remote forward to 127.0.0.1:8080',
  'debug1: client_request_forwarded_tcpip: listen localhost port 40000, originator 10.0.0.1 port 5',
  'Permission denied (publickey).',
];

export const sshSettings: readonly [string, ...string[]] = [
  'user root\nhostname h\nport 22\nuserknownhostsfile /root/.ssh/known_hosts /root/.ssh/known_hosts2\nproxyjump none\n',
  'user me\nhostname h\nport 2222\nproxyjump a@b:22,[::1]:3\nidentityfile ~/.ssh/id\nsendenv LANG\n',
];

export const statuses: readonly [unknown, ...unknown[]] = [
  { kind: 'Status', code: 403, reason: 'Forbidden', message: 'pods is forbidden: exceeded quota' },
  { metadata: { name: 'a', namespace: 'n' } },
];

export const registryHeaders: readonly [string] = ['Bearer realm="https://auth.docker.io/token",service="r",scope="s"'];

export const masterFiles: readonly [string] = [
  'port: 8080\nresource_manager: &a\n  type: kubernetes\n  namespace: default\nother: *a\nlist: [1, {x: ~}]\n',
];

const digest = `sha256:${'a'.repeat(64)}`;
export const imageManifests: readonly [unknown, ...unknown[]] = [
  {
    manifests: [
      { digest, size: 5, platform: { os: 'linux', architecture: 'amd64' } },
      { digest, size: 1 },
    ],
  },
  { config: { digest, size: 5 }, layers: [{ digest, size: 5, mediaType: 'x' }] },
  { errors: [{ code: 'DENIED' }] },
];

const stamp = { path: 'a', size: 1, mtimeMs: 0, mode: 0o755, sha256: 'a'.repeat(64) };
export const bundleIndex = {
  schema: 1,
  items: {
    k: {
      ...{ schema: 1, key: 'k', source: 'go', files: [stamp], links: [{ path: 'l', target: 'a' }] },
      proofs: [{ of: 'x', sha256: 'a', by: 'pin' }],
    },
  },
};
