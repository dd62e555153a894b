/** What the stand-in takes from a `master.yaml`. */
export type Database = {
  readonly user: string;
  readonly password: string;
  readonly host: string;
  readonly port: string;
  readonly name: string;
};

export type TaskGateway = {
  readonly name: string;
  readonly namespace: string;
  readonly ip: string;
  readonly portRange: { readonly start: number; readonly end: number };
};

export type Pool = {
  readonly name: string;
  readonly description: string;
  /** Of the pool's own task defaults. */
  readonly image?: string;
};

export type ResourceManager = {
  readonly clusterName: string;
  readonly defaultNamespace: string;
  readonly kubeconfigPath: string;
  readonly masterScheme: string;
  readonly masterHost: string;
  readonly masterPort: number;
  readonly maxSlotsPerPod: number;
  readonly slotType: string;
  /** `slot_resource_requests.cpu`: of one slot of type cpu. */
  readonly slotCpu: number;
  /** Undefined where the block is missing or empty: the feature is off. */
  readonly gateway: TaskGateway | undefined;
  readonly pools: readonly Pool[];
  readonly defaultAuxPool: string;
  readonly defaultComputePool: string;
};

export type MasterSettings = {
  readonly port: number;
  readonly root: string;
  readonly cacheDir: string;
  readonly clusterName: string;
  readonly initialUserPassword: string;
  readonly db: Database;
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  readonly log: { readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'; readonly color: boolean };
  /** Of `task_container_defaults`, or the release's own. */
  readonly image: string;
  readonly forcePullImage: boolean;
  /** The root one, then the additional ones. */
  readonly managers: readonly ResourceManager[];
};
