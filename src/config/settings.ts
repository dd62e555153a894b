/** One setting: its place in taskgate.yaml, from which its flag and environment variable follow. */
export type Setting = {
  readonly path: string;
  readonly type: 'text' | 'number' | 'switch';
  /** Undefined: determined at run time, as the description says. */
  readonly default?: string | number | boolean;
  readonly description: string;
};

/** Every setting, in the order of the README's table. No zod here: `--help` reads this and must stay quick. */
export const settings = [
  { path: 'name', type: 'text', default: 'dev', description: 'name of the instance' },
  {
    path: 'provider',
    type: 'text',
    default: 'auto',
    description: 'what makes the cluster: auto, minikube, native or attach',
  },
  {
    path: 'recreate',
    type: 'switch',
    default: false,
    description: 'recreate the cluster if its version, driver or size differs from the settings',
  },
  {
    path: 'installMinikube',
    type: 'switch',
    default: false,
    description: 'fetch the pinned Minikube into the cache where none is installed',
  },
  { path: 'minikube.profile', type: 'text', description: 'Minikube profile (default: taskgate-NAME)' },
  { path: 'minikube.driver', type: 'text', default: 'docker', description: 'what Minikube runs its node on' },
  { path: 'minikube.cpus', type: 'number', default: 2, description: 'CPUs of the Minikube node' },
  { path: 'minikube.memoryMb', type: 'number', default: 4096, description: 'memory of the Minikube node, in MiB' },
  {
    path: 'minikube.serviceCidr',
    type: 'text',
    description: "range of the Services of a Minikube cluster (default: one that no other instance's Services have)",
  },
  { path: 'minikube.baseImage', type: 'text', description: "image of the node (default: Minikube's own)" },
  {
    path: 'minikube.startArgs',
    type: 'text',
    description: 'further arguments of `minikube start`, separated by spaces',
  },
  {
    path: 'context',
    type: 'text',
    description: 'kube context of the cluster that `--provider attach` works with',
  },
  {
    path: 'allowContext',
    type: 'text',
    description: "repeat the context's name to allow changes to that cluster",
  },
  {
    path: 'kubeconfig',
    type: 'text',
    description: 'kubeconfig that has the context, only read (default: KUBECONFIG, else ~/.kube/config)',
  },
  {
    path: 'adopt',
    type: 'switch',
    default: false,
    description: 'use an existing Contour, Gateway API or Gateway that taskgate did not create',
  },
  {
    path: 'mergeKubeconfig',
    type: 'switch',
    default: false,
    description: "add the cluster's context to the user's kubeconfig, which is backed up; `down` removes it",
  },
  {
    path: 'network.cidr',
    type: 'text',
    description: 'private /16 of a native cluster (default: one that no route of the host overlaps)',
  },
  { path: 'gateway.name', type: 'text', default: 'contour', description: 'name of the Gateway' },
  { path: 'gateway.namespace', type: 'text', default: 'projectcontour', description: 'namespace of the Gateway' },
  { path: 'gateway.className', type: 'text', default: 'contour', description: 'name of the GatewayClass' },
  {
    path: 'gateway.listenerLimit',
    type: 'number',
    default: 256,
    description: "maxItems of the Gateway CRD's listeners, at most 1000",
  },
  {
    path: 'gateway.portRange.start',
    type: 'number',
    default: 20000,
    description: 'first port that the master may give to a task',
  },
  {
    path: 'gateway.portRange.end',
    type: 'number',
    default: 20199,
    description: 'last port that the master may give to a task',
  },
  {
    path: 'gateway.seedPort',
    type: 'number',
    default: 19999,
    description: 'port of the one listener that a Gateway must have',
  },
  { path: 'gateway.contourReplicas', type: 'number', default: 1, description: 'Contour pods' },
  {
    path: 'gateway.reach',
    type: 'text',
    default: 'auto',
    description: "how this host reaches task ports: node (the node's address), forward (127.0.0.1) or auto",
  },
  {
    path: 'gateway.forwardAddress',
    type: 'text',
    default: '127.0.0.1',
    description: 'address on this host that forwards listen on',
  },
  {
    path: 'master.scheme',
    type: 'text',
    default: 'http',
    description: 'scheme of the master as tasks dial it: http or https',
  },
  { path: 'master.host', type: 'text', description: 'master as tasks dial it (default: this host, as pods see it)' },
  {
    path: 'master.port',
    type: 'number',
    default: 8080,
    description: 'port of the master, on this host and as tasks dial it',
  },
  {
    path: 'master.reach',
    type: 'text',
    default: 'auto',
    description: 'how tasks reach the master: direct, ssh, ngrok, url, or auto (direct, unless a pod cannot)',
  },
  { path: 'master.url', type: 'text', description: 'URL of the master as tasks dial it, for `--master-reach url`' },
  { path: 'master.clusterName', type: 'text', default: 'default', description: 'cluster_name of the resource manager' },
  { path: 'master.resourcePool', type: 'text', default: 'default', description: 'the one resource pool' },
  { path: 'master.taskNamespace', type: 'text', default: 'default', description: 'namespace in which tasks run' },
  {
    path: 'master.taskImage',
    type: 'text',
    default: 'determinedai/pytorch-ngc-dev:0736b6d',
    description: "image of tasks that name none; the default is Determined's own, of many GB",
  },
  {
    path: 'master.maxSlotsPerPod',
    type: 'number',
    default: 1,
    description: 'max_slots_per_pod of the resource manager',
  },
  { path: 'ssh.host', type: 'text', description: 'host of the SSH tunnel, as `ssh` takes it (an alias, user@host)' },
  { path: 'ssh.port', type: 'number', description: "port of its sshd (default: ssh's own choice)" },
  {
    path: 'ssh.remotePort',
    type: 'number',
    default: 0,
    description: 'port on that host which tasks dial; 0 lets its sshd choose one',
  },
  {
    path: 'ssh.bindAddress',
    type: 'text',
    default: '0.0.0.0',
    description: 'address on that host which the port listens on',
  },
  {
    path: 'ssh.publicHost',
    type: 'text',
    description: 'that host as tasks dial it (default: the host name that ssh resolves it to)',
  },
  {
    path: 'ssh.hostKeyPolicy',
    type: 'text',
    default: 'accept-new',
    description: "accept-new (remembered in the instance) or yes (only keys in the user's known_hosts)",
  },
  {
    path: 'ssh.serverAliveInterval',
    type: 'number',
    default: 60,
    description: 'ssh keepalive interval in seconds (ServerAliveInterval)',
  },
  {
    path: 'ssh.serverAliveCountMax',
    type: 'number',
    default: 10,
    description: 'missed keepalives before ssh is restarted (ServerAliveCountMax)',
  },
  { path: 'ssh.configFile', type: 'text', description: "ssh configuration file that replaces the user's own (ssh -F)" },
  { path: 'ssh.program', type: 'text', default: 'ssh', description: 'the ssh program' },
  { path: 'ngrok.program', type: 'text', default: 'ngrok', description: 'the ngrok agent' },
  { path: 'ngrok.domain', type: 'text', description: 'reserved domain of the ngrok tunnel' },
  { path: 'ngrok.tcpAddress', type: 'text', description: 'reserved TCP address of the ngrok tunnel, as host:port' },
  {
    path: 'ngrok.trafficPolicyFile',
    type: 'text',
    description: 'traffic policy of the ngrok tunnel: who may call the master',
  },
  { path: 'ngrok.configFile', type: 'text', description: "ngrok's configuration with the token (default: its own)" },
  {
    path: 'tunnel.allowPublic',
    type: 'switch',
    default: false,
    description: 'allow a tunnel whose end the internet can reach',
  },
  {
    path: 'tunnel.ttlHours',
    type: 'number',
    default: 8,
    description: 'hours after which a public tunnel expires',
  },
  {
    path: 'mirror',
    type: 'text',
    description: 'URL of a mirror of the release files, asked before the official hosts',
  },
  {
    path: 'bundle',
    type: 'text',
    description: 'folder that `taskgate prefetch --bundle` wrote; then no network is used',
  },
  {
    path: 'timeouts.upSeconds',
    type: 'number',
    default: 3600,
    description: 'deadline of `up` as a whole; a first run may have to build',
  },
  { path: 'timeouts.stageSeconds', type: 'number', default: 180, description: 'deadline of each wait for the cluster' },
] as const satisfies readonly Setting[];

const words = (path: string): readonly string[] => path.split('.').flatMap((part) => part.split(/(?=[A-Z])/));

/** `gateway.portRange.start` as `--gateway-port-range-start`. */
export const flagOf = (path: string): string => `--${words(path).join('-').toLowerCase()}`;

/** `gateway.portRange.start` as `TASKGATE_GATEWAY_PORT_RANGE_START`. */
export const variableOf = (path: string): string => `TASKGATE_${words(path).join('_').toUpperCase()}`;
