// Tested in test/proof/real-master/real-master.broken-ways.test.ts
import type { KubeEvent, Node, Pod } from '../../../lib/kube/shapes.ts';
import type { GatewayEndpoint } from '../../../model/gateway-endpoint.ts';
import type { MasterEndpoint } from '../../../model/master-endpoint.ts';
import type { Finding } from '../../../model/path.ts';
import type { FoundMaster } from '../../probe/placeholder-master.ts';
import type { ResourcePool } from '../api.ts';
import type { TaskTrouble } from '../findings.ts';

/** What is known beforehand of the path that a task of the master takes. */
export type KnownPath = {
  readonly namespace: string;
  readonly gateway: GatewayEndpoint;
  /** The address of the master that pods of this cluster were proven to reach. */
  readonly proven?: MasterEndpoint;
  /** The port on which the master listens on this host; behind a tunnel, tasks dial another one. */
  readonly localPort?: number;
  /** Of the master. */
  readonly version: string;
  /** The resource pool that the master's configuration has for this cluster. */
  readonly ownPool?: string;
};

/** All that was seen of a launched task: by the master, and by the API server of this cluster. */
export type Sighting = TaskTrouble &
  KnownPath & {
    readonly taskId: string;
    /** What the task's program prints first was in its log. */
    readonly hasSpoken: boolean;
    /** Where the master has placed it, and all pools that the master has. */
    readonly resourcePool: string;
    readonly pools: readonly ResourcePool[];
    /** The task's pods; those of before, where they are gone. */
    readonly pods: readonly Pod[];
    /** The longest time that a master may take to notice that; 10 s unless given. */
    readonly noticeMs?: number;
    /** For how long its container has run, in milliseconds. */
    readonly runsForMs: number;
    /** Namespaces in which a Job of the task was seen. */
    readonly jobsIn: readonly string[];
    /** For how long the master has had it on its way to a node without a Job in this cluster; 0 where nobody may look. */
    readonly absentForMs: number;
    readonly events: readonly KubeEvent[];
    /** What listens where the master should, as this host sees it; asked only where a task could not reach it. */
    readonly found?: FoundMaster;
    /** Read only where an image cannot be pulled. */
    readonly nodes: readonly Node[];
  };

export type TaskFinding = Finding & {
  /** The broken hop; the one to the task unless given. */
  readonly direction?: 'reverse';
  readonly evidence?: string;
};

/** Recognises one cause. */
export type TaskRule = {
  /** No wait changes it. */
  readonly isFinal: boolean;
  readonly find: (seen: Sighting) => TaskFinding | undefined;
};

export const hasEnded = ({ state }: Pick<TaskTrouble, 'state'>): boolean =>
  state === 'STATE_TERMINATED' || state === 'STATE_TERMINATING';
