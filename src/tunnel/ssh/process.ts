import type { SshSpec } from '../../instance/tunnels.ts';
import type { Tethered } from '../../lib/process/tethered.ts';
import type { DriverTools } from '../tunnel.ts';
import { findOpenPort, isArrival, isDebugLine, isNoise, neverAsk, type SshPlan, tunnelCommand } from './command.ts';
import { followOriginators, type Originators } from './originators.ts';

export type SshTools = DriverTools & {
  /** Called with ssh's output: all of it until the tunnel is established, then without debug messages. */
  readonly onLine?: (line: string) => void;
  /** Called with the reason for a delay. */
  readonly onDetail?: (detail: string) => void;
  /** Longest waits: for the forward, for a connection through it, for a port that is still in use. */
  readonly patienceMs?: { readonly open?: number; readonly arrival?: number; readonly stale?: number };
};

const linesKept = 1_000;

export type SshRun = {
  readonly child: Tethered;
  /** Its output, without debug messages once the tunnel is established. */
  readonly lines: readonly string[];
  readonly originators: Originators;
  /** Resolves with the port at which the server listens. */
  readonly opened: Promise<number>;
  /** Resolves when the first connection comes in. */
  readonly arrival: Promise<void>;
};

/** Starts ssh and parses its output. Tested in test/tunnel/ssh/ssh.test.ts. */
export const startSsh = (
  spec: SshSpec,
  plan: SshPlan,
  { tools, signal }: { tools: SshTools; signal: AbortSignal },
): SshRun => {
  const lines: string[] = [];
  const opened = Promise.withResolvers<number>();
  const arrival = Promise.withResolvers<void>();
  let port: number | undefined;
  const originators = followOriginators(() => child.pid);
  const onLine = (line: string) => {
    originators.read(line);
    if (port === undefined || !isDebugLine(line)) tools.onLine?.(line);
    // after that, only what may be the reason of an end
    if ((port === undefined || !isDebugLine(line)) && lines.push(line) > linesKept) lines.shift();
    if (port === undefined) {
      port = findOpenPort(line, plan.forward);
      if (port !== undefined) opened.resolve(port);
    } else if (isArrival(line, port)) arrival.resolve();
  };
  const isWorthKeeping = (line: string) => !isNoise(line);
  const env = { ...tools.env, ...neverAsk };
  const child: Tethered = tools.spawn(tunnelCommand(spec, plan), { env, onLine, isWorthKeeping, signal });
  return { child, lines, originators, opened: opened.promise, arrival: arrival.promise };
};
