/** A task as the stand-in keeps it: what was asked for, which its database has, and what has become of it. */
export type Kind = 'command' | 'notebook' | 'shell';

/** A port of the pod, and under which id the proxy has it. */
export type TaskPort = {
  readonly podPort: number;
  readonly serviceId: string;
  readonly scheme: 'http' | 'https' | 'tcp';
  readonly isUnauthenticated: boolean;
};

/** A file of the user's, of a launch's context. */
export type UserFile = {
  readonly path: string;
  readonly content: string;
  readonly mode: number;
  readonly type: number;
};

export type TaskSpec = {
  readonly id: string;
  /** `<task>.1` */
  readonly allocationId: string;
  /** `det-<first 8 of the cluster id>-cmd-<task>`, of notebooks and shells too */
  readonly jobName: string;
  readonly kind: Kind;
  readonly description: string;
  /** Names the resource manager. */
  readonly clusterName: string;
  readonly namespace: string;
  readonly pool: string;
  readonly image: string;
  readonly slots: number;
  readonly config: Readonly<Record<string, unknown>>;
  readonly entrypoint: readonly string[];
  readonly environment: readonly { readonly name: string; readonly value: string }[];
  readonly ports: readonly TaskPort[];
  readonly files: readonly UserFile[];
  readonly username: string;
  readonly userId: number;
  readonly sessionToken: string;
  /** PEM and one line of OpenSSH, of a shell. */
  readonly keys?: { readonly privateKey: string; readonly publicKey: string };
  readonly serviceAddress?: string;
};

export type State =
  | 'STATE_QUEUED'
  | 'STATE_PULLING'
  | 'STATE_STARTING'
  | 'STATE_RUNNING'
  | 'STATE_TERMINATING'
  | 'STATE_TERMINATED';

export type Task = {
  readonly spec: TaskSpec;
  readonly startTime: Date;
  state: State;
  exitStatus: string;
  isReady: boolean;
  endTime: Date | undefined;
  /** Where the pod runs, once it is known. */
  nodeName: string | undefined;
  /** Whether this run of the master has seen its pod run. */
  hasStarted: boolean;
  readonly ended: AbortController;
};

/** As task logs call it: its description, which is `Command (quick-grey-otter)` unless the user gave another. */
export const nameOf = ({ description }: Pick<TaskSpec, 'description'>): string => description;
