/** One setting: its place in taskgate.yaml, from which its flag and environment variable follow. */
export type Setting = {
  readonly path: string;
  /** A list is given in taskgate.yaml as one, elsewhere with commas or spaces between; `none` is the empty one. */
  readonly type: 'text' | 'number' | 'switch' | 'list';
  /** Undefined: determined at run time, as the description says. */
  readonly default?: string | number | boolean | readonly string[];
  readonly description: string;
};

/** Settings of one run: an instance does not keep them. Where files come from is this machine's matter. */
export const settingsOfRun: readonly string[] = [
  'name',
  'provider',
  'recreate',
  'mirror',
  'trustMirror',
  'bundle',
  'bundleDigest',
  'timeouts.upSeconds',
];

/** Settings that hold the path of a file, from the folder where taskgate was started. */
export const settingsOfFiles: readonly string[] = [
  'kubeconfig',
  'master.program',
  'master.root',
  'ssh.configFile',
  'ngrok.trafficPolicyFile',
  'ngrok.configFile',
];

const ofType =
  <T extends string | number | readonly string[]>(type: Setting['type']) =>
  (path: string, description: string, byDefault?: T): Setting => ({
    ...{ path, type, description },
    ...(byDefault !== undefined && { default: byDefault }),
  });
const text = ofType<string>('text');
const number = ofType<number>('number');
const list = ofType<readonly string[]>('list');
const toggle = (path: string, description: string): Setting => ({ path, type: 'switch', default: false, description });

/** Every setting, in the order of the README's table. No zod here: `--help` reads this and must stay quick. */
export const settings: readonly Setting[] = [
  text('name', 'name of the instance', 'dev'),
  text('provider', 'what makes the cluster: auto, minikube, native or attach', 'auto'),
  toggle('recreate', 'recreate the cluster if its version, driver or size differs from the settings'),
  toggle('installMinikube', 'fetch the pinned Minikube into the cache where none is installed'),
  text('minikube.profile', 'Minikube profile (default: taskgate-NAME-MARK)'),
  text('minikube.driver', 'what Minikube runs its node on', 'docker'),
  number('minikube.cpus', 'CPUs of the Minikube node', 2),
  number('minikube.memoryMb', 'memory of the Minikube node, in MiB', 4096),
  text(
    'minikube.serviceCidr',
    "range of the Services of a Minikube cluster (default: one that no other instance's Services have)",
  ),
  text('minikube.baseImage', "image of the node (default: Minikube's own)"),
  text('minikube.startArgs', 'further arguments of `minikube start`, separated by spaces'),
  text('context', 'kube context of the cluster that `--provider attach` works with'),
  text('allowContext', "repeat the context's name to allow changes to that cluster"),
  text('kubeconfig', 'kubeconfig that has the context, only read (default: KUBECONFIG, else ~/.kube/config)'),
  toggle('adopt', 'use an existing Contour, Gateway API or Gateway that taskgate did not create'),
  toggle(
    'mergeKubeconfig',
    "add the cluster's context to the user's kubeconfig, which is backed up; `down` removes it",
  ),
  text('network.cidr', 'private /16 of a native cluster (default: one that no route of the host overlaps)'),
  toggle(
    'network.policies',
    'NetworkPolicies for tasks: in from Envoy only, out to DNS and the master only; with an engine on native and Minikube',
  ),
  list('network.egressAllow', 'further address ranges that tasks may dial under network.policies (default: none)'),
  toggle('network.taskToTask', 'under network.policies, let all tasks of the namespace reach each other'),
  text(
    'native.egress',
    "what pods of a native cluster reach outside of it: master (the master's port alone), host (all of this host), all",
    'master',
  ),
  number('native.memoryMb', 'memory of a native node, in MiB (default: three quarters of the machine)'),
  number('native.pidsLimit', 'processes and threads of a native node; a pod gets a quarter of them', 16384),
  text(
    'podSecurity',
    'Pod Security level of the task namespace: baseline, restricted or privileged (default: baseline in clusters that taskgate creates)',
  ),
  text('gateway.name', 'name of the Gateway', 'contour'),
  text('gateway.namespace', 'namespace of the Gateway', 'projectcontour'),
  text('gateway.className', 'name of the GatewayClass', 'contour'),
  number('gateway.listenerLimit', "maxItems of the Gateway CRD's listeners, at most 1000", 256),
  number('gateway.portRange.start', 'first port that the master may give to a task', 20000),
  number('gateway.portRange.end', 'last port that the master may give to a task', 20199),
  number('gateway.seedPort', 'port of the one listener that a Gateway must have', 19999),
  number('gateway.contourReplicas', 'Contour pods', 1),
  text(
    'gateway.reach',
    "how this host reaches task ports: node (the node's address), published (ports that Docker or Podman publishes), forward or auto",
    'auto',
  ),
  list(
    'gateway.allowFrom',
    "address ranges that reach task ports at the node (default: this host's own, native and Minikube; attach: any)",
  ),
  text('gateway.forwardAddress', 'address on this host that forwards and published ports listen on', '127.0.0.1'),
  text('master.scheme', 'scheme of the master as tasks dial it: http or https', 'http'),
  toggle(
    'master.tls',
    'TLS between tasks and the master: a certificate authority and certificate of the instance, written into its configuration',
  ),
  text('master.host', 'master as tasks dial it (default: this host, as pods see it)'),
  number('master.port', 'port of the master, on this host and as tasks dial it', 8080),
  text(
    'master.reach',
    'how tasks reach the master: direct, ssh, ngrok, url, or auto (direct, unless a pod cannot)',
    'auto',
  ),
  toggle('withMaster', 'run a master and its database beside the cluster, and prove the path by a task of that master'),
  text('master.program', 'the determined-master to run (default: the one on PATH, else the release that is fetched)'),
  list('master.also', 'other instances that this master serves, too (default: none)'),
  text(
    'dbUrl',
    'database of that master, as postgres://USER:PASSWORD@HOST:PORT/NAME (default: a PostgreSQL of the instance)',
  ),
  text('master.url', 'URL of the master as tasks dial it, for `--master-reach url`'),
  text('master.clusterName', 'cluster_name of the resource manager', 'default'),
  text('master.resourcePool', 'the one resource pool', 'default'),
  text('master.taskNamespace', 'namespace in which tasks run', 'default'),
  text(
    'master.taskImage',
    "image of tasks that name none; the default is Determined's own, of many GB",
    'determinedai/pytorch-ngc-dev:0736b6d',
  ),
  number('master.maxSlotsPerPod', 'max_slots_per_pod of the resource manager', 1),
  toggle(
    'smallTaskImage',
    'assemble a small image with determined, load it into the nodes, and give it to tasks that name none',
  ),
  toggle('withJupyterlab', 'put JupyterLab into the small task image, for notebooks'),
  text(
    'master.root',
    "folder with static/ and wheels/, the master's `root` (default: tools/build of the Determined checkout where `up` is started, an installed master's, or one of the instance)",
  ),
  text('master.version', 'version of the master, whose wheel tasks get (default: the pinned one)'),
  text('ssh.host', 'host of the SSH tunnel, as `ssh` takes it (an alias, user@host)'),
  number('ssh.port', "port of its sshd (default: ssh's own choice)"),
  number('ssh.remotePort', 'port on that host which tasks dial; 0 lets its sshd choose one', 0),
  text('ssh.bindAddress', 'address on that host which the port listens on', '0.0.0.0'),
  text('ssh.publicHost', 'that host as tasks dial it (default: the host name that ssh resolves it to)'),
  text(
    'ssh.hostKeyPolicy',
    "accept-new (remembered in the instance) or yes (only keys in the user's known_hosts)",
    'accept-new',
  ),
  number('ssh.serverAliveInterval', 'ssh keepalive interval in seconds (ServerAliveInterval)', 60),
  number('ssh.serverAliveCountMax', 'missed keepalives before ssh is restarted (ServerAliveCountMax)', 10),
  text('ssh.configFile', "ssh configuration file that replaces the user's own (ssh -F)"),
  text('ssh.program', 'the ssh program', 'ssh'),
  text('ngrok.program', 'the ngrok agent', 'ngrok'),
  text('ngrok.domain', 'reserved domain of the ngrok tunnel'),
  text('ngrok.tcpAddress', 'reserved TCP address of the ngrok tunnel, as host:port'),
  text('ngrok.trafficPolicyFile', 'traffic policy of the ngrok tunnel: who may call the master'),
  text('ngrok.configFile', "ngrok's configuration with the token (default: its own)"),
  number(
    'ngrok.probeMinutes',
    "minutes between taskgate's own requests through the ngrok tunnel, which count for the account (default: 30; 120 for a TCP address)",
  ),
  toggle('tunnel.allowPublic', 'allow a tunnel whose end the internet can reach, and forwards that others can reach'),
  number('tunnel.ttlHours', 'hours after which what is public, or not proven private, expires', 8),
  list('tunnel.allowFrom', 'address ranges from which the tunnel may be called (default: any)'),
  text('mirror', 'URL of a mirror of the release files, asked before the official hosts'),
  toggle('trustMirror', 'accept from the mirror what neither a pin nor the publisher proves, and plain http to it'),
  text('bundle', 'folder that `taskgate prefetch --bundle` wrote; then no network is used'),
  text(
    'bundleDigest',
    'digest of the bundle, as `taskgate prefetch --bundle` prints it; a bundle on a mirror needs it, and one in a folder of others',
  ),
  number('timeouts.upSeconds', 'deadline of `up` as a whole; a first run may have to build', 3600),
  number('timeouts.stageSeconds', 'deadline of each wait for the cluster', 180),
];

const words = (path: string): readonly string[] => path.split('.').flatMap((part) => part.split(/(?=[A-Z])/));

/** `gateway.portRange.start` as `--gateway-port-range-start`. */
export const flagOf = (path: string): string => `--${words(path).join('-').toLowerCase()}`;

/** `gateway.portRange.start` as `TASKGATE_GATEWAY_PORT_RANGE_START`. */
export const variableOf = (path: string): string => `TASKGATE_${words(path).join('_').toUpperCase()}`;
