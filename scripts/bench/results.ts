import type { ForwardResults } from './measure/forward/forward.ts';
import type { MinikubeResults } from './measure/minikube/results.ts';
import type { SshResults } from './measure/ssh/ssh.ts';
import type { PartName } from './parts.ts';
import type { UpRun } from './stage.ts';
import type { Spread } from './statistics.ts';

export type Machine = {
  readonly cores: number;
  readonly cpu: string;
  readonly memoryBytes: number;
  readonly kernel: string;
  readonly node: string;
  /** Over 1, 5 and 15 minutes, before anything was started. */
  readonly loadAverage: readonly number[];
};

export type Lifecycle = {
  /** `up` from nothing but the warm cache, one run a round. */
  readonly cold: readonly UpRun[];
  readonly secondMs: readonly number[];
  /** Objects that a second `up` changed, made or removed. */
  readonly changedBySecond: readonly string[];
  readonly smokeMs: readonly number[];
  /** `up` after the supervisor was killed with its state kept. */
  readonly warm: readonly UpRun[];
  readonly downMs: readonly number[];
  /** Sum of the proportional set sizes (PSS) of all processes, without tasks. */
  readonly idleBytes: readonly number[];
};

/** Times of adding the nth task listener. */
export type ListenerTimes = {
  readonly listenerLimit: number;
  readonly listeners: number;
  /** GET and PUT of the Gateway, with retries after conflicts. */
  readonly writeMs: Spread;
  /** From the start of that write to the first byte of an answer. */
  readonly firstByteMs: Spread;
  /** Load average of the machine over the minute before the end. */
  readonly load: number;
};

/** What became of one TCP connection while listeners came and went. */
export type Held = {
  readonly listeners: number;
  readonly requests: number;
  readonly answers: number;
  readonly longestAnswerMs: number;
  readonly ended: boolean;
};

/** The same client through the Gateway and to the pod itself, in turns. */
export type Compared = {
  readonly gateway: Spread;
  readonly direct: Spread;
  /** Gateway over direct, pair by pair. */
  readonly ratio: Spread;
};

export type Traffic = {
  readonly connectionsPerSecond: Compared;
  readonly failedConnections: number;
  readonly bytesPerSecond: Compared;
};

export type Problem = { readonly part: string; readonly message: string };

/** What became of a part of the benchmark. */
export type PartOutcome = {
  readonly part: PartName;
  readonly outcome: 'measured' | 'in part' | 'failed' | 'cannot run here' | 'left out';
  /** How long it took, and why it was not measured. */
  readonly detail: string;
};

/** What is absent could not be measured, or was left out. */
export type Measurements = {
  readonly helpMs?: Spread;
  readonly lifecycle?: Lifecycle;
  readonly traffic?: Traffic;
  readonly held?: Held;
  readonly listeners: readonly ListenerTimes[];
  readonly ssh?: SshResults;
  readonly forward?: ForwardResults;
  readonly minikube?: MinikubeResults;
};

export type Results = Measurements & {
  readonly startedAt: string;
  readonly quick: boolean;
  readonly machine: Machine;
  readonly parts: readonly PartOutcome[];
  readonly problems: readonly Problem[];
};
