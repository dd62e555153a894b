/** One setting: its place in taskgate.yaml, from which its flag and environment variable follow. */
export type Setting = {
  readonly path: string;
  readonly type: 'text' | 'number';
  /** Undefined: found out at run time, as the description says. */
  readonly default?: string | number;
  readonly description: string;
};

/** Every setting, in the order of the README's table. No zod here: `--help` reads this and must stay quick. */
export const settings = [
  { path: 'name', type: 'text', default: 'dev', description: 'name of the instance' },
  { path: 'provider', type: 'text', default: 'auto', description: 'what makes the cluster: auto or native' },
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
  { path: 'master.scheme', type: 'text', default: 'http', description: 'how tasks speak to the master: http or https' },
  { path: 'master.host', type: 'text', description: 'master as tasks dial it (default: this host, as pods see it)' },
  {
    path: 'master.port',
    type: 'number',
    default: 8080,
    description: 'port of the master, on this host and as tasks dial it',
  },
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
