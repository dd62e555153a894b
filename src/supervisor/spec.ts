// Tested in test/process/supervisor-launch.test.ts
import type { Command } from '../lib/process/runner.ts';

/** How the supervisor finds out that a child is ready. */
export type Probe =
  | {
      readonly kind: 'http';
      readonly url: string;
      /** Files with PEM text; without `caPath` a server's certificate is not checked (loopback only). */
      readonly tls?: { readonly caPath?: string; readonly certPath?: string; readonly keyPath?: string };
    }
  | { readonly kind: 'socket'; readonly path: string }
  /** What listens on a socket answers a message (hexadecimal) with something that begins with `expected`. */
  | { readonly kind: 'answer'; readonly path: string; readonly send: string; readonly expected: string }
  /** As soon as it runs: one that listens nowhere. */
  | { readonly kind: 'running' };

/** A process that the supervisor starts, restarts with back-off when it exits, and ends with itself. */
export type Child = {
  readonly name: string;
  readonly command: Command;
  readonly env?: Readonly<Record<string, string>>;
  /** Names of the children that must be ready before this one is started. */
  readonly after: readonly string[];
  readonly probe: Probe;
  /**
   * It dies with the supervisor, however that ends. For a supervisor without a PID namespace of its own. `through` is what
   * it is started by, such as unshare(1), which would undo that.
   */
  readonly tether?: { readonly through?: readonly string[] };
  /** How it is asked to end, and how long it then has: SIGTERM and 2 s unless given. */
  readonly ending?: { readonly signal: 'SIGTERM' | 'SIGINT'; readonly graceMs: number };
};

/** A step that sets up the namespaces: a command to run or a small file to write. */
export type SetupStep =
  | {
      readonly run: Command;
      /** Its stdin; nothing of it is shown. */
      readonly input?: string;
      /** As of a child. */
      readonly tether?: Child['tether'];
    }
  | { readonly write: { readonly path: string; readonly text: string } };

/** The input of an instance's supervisor: `keeper.json` in the instance's folder. */
export type SupervisorSpec = {
  readonly instance: string;
  /** Unix socket on which the supervisor serves its status. */
  readonly socketPath: string;
  readonly logsDir: string;
  /** Sets up the namespaces, in this order, before any child is started. */
  readonly setup: readonly SetupStep[];
  readonly children: readonly Child[];
  /** On SIGTERM it ends its children, the last one first, and then itself. */
  readonly endsInOrder?: boolean;
};

const childStates = ['waiting', 'starting', 'ready', 'backoff'] as const;

export type ChildState = (typeof childStates)[number];

export const isChildState = (value: unknown): value is ChildState => childStates.some((state) => state === value);

export type ChildStatus = {
  readonly name: string;
  readonly state: ChildState;
  readonly pid?: number;
  /** In all its life. */
  readonly restarts: number;
  /** Ends since it was last seen to work; not told by the supervisor of an older version. */
  readonly ends?: number;
  /** How the last run ended, such as `exited with 1`. */
  readonly lastExit?: string;
};

/** A child that ended this often since it last worked will not get there by one more start. */
export const hopelessEnds = 4;

/** A child for which no deadline helps. What it ended before it last worked does not count. */
export const isHopeless = ({ state, ends = 0 }: Pick<ChildStatus, 'state' | 'ends'>): boolean =>
  state !== 'ready' && ends >= hopelessEnds;

export type SupervisorStatus = {
  readonly instance: string;
  readonly uptimeMs: number;
  readonly children: readonly ChildStatus[];
};

type ChildEvent = Pick<ChildStatus, 'name' | 'state' | 'ends'> & { readonly event: 'child'; readonly detail?: string };

/** Lines of JSON that a daemon writes to its starter until it is detached. */
export type StarterEvent =
  | { readonly event: 'set-up' }
  | ChildEvent
  | { readonly event: 'failed'; readonly message: string };
