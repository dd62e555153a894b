import type { SshSpec } from '../../instance/tunnels.ts';
import { withoutUndefined } from '../../lib/defined.ts';
import { UserError } from '../../lib/errors.ts';
import { CommandError } from '../../lib/process/runner.ts';
import type { Tethered } from '../../lib/process/tethered.ts';
import type { DriverTools } from '../tunnel.ts';
import {
  findOpenPort,
  inspectCommand,
  isArrival,
  isDebugLine,
  isNoise,
  parseHost,
  type SshHost,
  type SshPlan,
  tunnelCommand,
} from './command.ts';
import { sshError } from './errors.ts';
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
  readonly lines: readonly string[];
  readonly originators: Originators;
  /** Resolves with the port at which the server listens. */
  readonly opened: Promise<number>;
  /** Resolves when the first connection comes in. */
  readonly arrival: Promise<void>;
};

const neverAsk = { SSH_ASKPASS_REQUIRE: 'never' };
const inspectMs = 10_000;

/** Reads ssh's settings for the host; throws `tunnel.ssh-missing` or `tunnel.ssh-config`. */
export const inspectHost = async (spec: SshSpec, tools: SshTools, signal: AbortSignal): Promise<SshHost> => {
  try {
    const env = withoutUndefined({ ...tools.env, ...neverAsk });
    return parseHost((await tools.runner(inspectCommand(spec), { env, timeoutMs: inspectMs, signal })).stdout);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof CommandError)) throw error;
    const { exitCode, timedOut, stderr, message } = error;
    if (exitCode === undefined && !timedOut) {
      const hint = 'install the OpenSSH client (Debian: openssh-client), or name it by ssh.program';
      throw new UserError(`${spec.program} cannot be run: ${message}`, { id: 'tunnel.ssh-missing', hint });
    }
    const how = timedOut ? `-G gave no answer in ${inspectMs / 1_000}s` : `-G exited with ${exitCode}`;
    throw sshError({ spec, host: parseHost(''), lines: stderr.split('\n'), how });
  }
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
    if (port === undefined) {
      if (lines.push(line) > linesKept) lines.shift();
      port = findOpenPort(line, plan.forward);
      if (port !== undefined) opened.resolve(port);
    } else if (isArrival(line, port)) arrival.resolve();
  };
  const isWorthKeeping = (line: string) => !isNoise(line);
  const env = { ...tools.env, ...neverAsk };
  const child: Tethered = tools.spawn(tunnelCommand(spec, plan), { env, onLine, isWorthKeeping, signal });
  return { child, lines, originators, opened: opened.promise, arrival: arrival.promise };
};
