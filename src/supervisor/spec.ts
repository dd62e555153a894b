import type { Command } from '../lib/process/runner.ts';

/** How the keeper finds out that a child works. */
export type Probe =
  | {
      readonly kind: 'http';
      readonly url: string;
      /** Files with PEM text; without `caPath` a server's certificate is not checked (loopback only). */
      readonly tls?: { readonly caPath?: string; readonly certPath?: string; readonly keyPath?: string };
    }
  | { readonly kind: 'socket'; readonly path: string };

/** One process that the keeper starts, restarts with back-off when it ends, and ends with itself. */
export type Child = {
  readonly name: string;
  readonly command: Command;
  readonly env?: Readonly<Record<string, string>>;
  /** Names of the children that must be ready before this one is started. */
  readonly after: readonly string[];
  readonly probe: Probe;
};

/** Furnishing of the namespaces: a command to run or a small file to write. */
export type SetupStep =
  | { readonly run: Command }
  | { readonly write: { readonly path: string; readonly text: string } };

/** All that the keeper of one instance has to do; written to `keeper.json` in the instance's folder. */
export type KeeperSpec = {
  readonly instance: string;
  /** Unix socket on which the keeper answers `status`. */
  readonly socketPath: string;
  readonly logsDir: string;
  /** Furnishes the namespaces, in order, before anything else. */
  readonly setup: readonly SetupStep[];
  readonly children: readonly Child[];
};

export type ChildState = 'waiting' | 'starting' | 'ready' | 'backoff';

export type ChildStatus = {
  readonly name: string;
  readonly state: ChildState;
  readonly pid?: number;
  readonly restarts: number;
  /** How the last run ended, such as `exited with 1`. */
  readonly lastExit?: string;
};

export type KeeperStatus = {
  readonly instance: string;
  readonly uptimeMs: number;
  readonly children: readonly ChildStatus[];
};

/** Lines of JSON that the keeper writes to its starter until it is told to `detach`. */
export type KeeperEvent =
  | { readonly event: 'furnished' }
  | { readonly event: 'child'; readonly name: string; readonly state: ChildState; readonly detail?: string }
  | { readonly event: 'failed'; readonly message: string };
