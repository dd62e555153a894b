import { setTimeout as pause } from 'node:timers/promises';
import { instancePaths } from '../../instance/paths.ts';
import type { SshSpec } from '../../instance/tunnels.ts';
import { delayMs } from '../../lib/backoff.ts';
import { isPublic } from '../../lib/cidr.ts';
import { UserError } from '../../lib/errors.ts';
import type { PublicAddress } from '../../model/master-endpoint.ts';
import type { PrivateEnd } from '../../model/tunnel-status.ts';
import type { OpenInput, OpenTunnel, TunnelDriver } from '../tunnel.ts';
import type { SshHost } from './command.ts';
import { isFinalSshError, isOfReach, sshError } from './errors.ts';
import { inspectSsh } from './inspect.ts';
import type { Originators } from './originators.ts';
import { verifyPrivateEnd, wildcardError } from './private-end.ts';
import { type SshRun, type SshTools, startSsh } from './process.ts';
import { explainPublicEnd, type PublicEnd, publicEndError, verifyPublicEnd } from './public-end.ts';

const patience = { open: 30_000, arrival: 5_000, stale: 60_000 } as const;
const connectOnceMs = 500;
const backoff = { firstMs: 100, longestMs: 2_000 };
type Attempt = {
  readonly host: SshHost;
  /** Of the configuration that was written for the tunnel. */
  readonly configPath: string;
  readonly remotePort: number;
  /** Called with what tells for whom ssh connects, before anything can come through it. */
  readonly onRun: (originators: Originators) => void;
};

type Opened = Attempt & OpenInput & { readonly port: number; readonly lines: readonly string[] };

/** Undefined where a public end was asked for and allowed. Throws `tunnel.ssh-wildcard` where it was not. */
const checkPrivacy = async (spec: SshSpec, tools: SshTools, opened: Opened): Promise<PrivateEnd | undefined> => {
  if (!spec.mustBePrivate && isPublic(spec.bindAddress)) return undefined;
  const timeoutMs = tools.patienceMs?.arrival ?? patience.arrival;
  const end = await verifyPrivateEnd({ ...opened, spec, timeoutMs });
  if (spec.mustBePrivate && end.state === 'public') throw wildcardError(spec, end);
  if (end.state !== 'proven') tools.onDetail?.(end.evidence);
  return end;
};

const endingMs = 300;

/** Throws why ssh has ended, if it has: then nothing that is seen at its public end has to do with it. */
const throwIfEnded = async (spec: SshSpec, { child, lines }: SshRun, host: SshHost): Promise<void> => {
  const how = await Promise.race([child.ended, pause(endingMs, undefined, { ref: false })]);
  if (how !== undefined) throw sshError({ spec, host, lines, how });
};

/** What is known of the end: that connections from here come through it, or why that cannot be seen from here. */
const describeEnd = (end: PublicEnd, address: PublicAddress, spec: SshSpec): Pick<OpenTunnel, 'isDirect' | 'unseen'> =>
  end.outcome === 'arrived' ? { isDirect: true } : { unseen: explainPublicEnd(end.outcome, address, spec) };

/** Starts ssh once; resolves when a connection to its public end came through, or this machine cannot test that. */
const openOnce = async (spec: SshSpec, tools: SshTools, input: Attempt & OpenInput): Promise<OpenTunnel> => {
  const { host, remotePort, localPort, signal } = input;
  const { open, arrival } = { ...patience, ...tools.patienceMs };
  const { knownHostsPath } = instancePaths(tools.folder);
  const plan = { forward: { remotePort, localPort }, host, knownHostsPath, configPath: input.configPath };
  const run = startSsh(spec, plan, { tools, signal });
  input.onRun(run.originators);
  const { ended, kill } = run.child;
  const late = pause(open, `did not open the tunnel in ${open / 1_000}s`, { ref: false });
  try {
    const opened = await Promise.race([run.opened, ended, late]);
    signal.throwIfAborted();
    if (typeof opened === 'string') throw sshError({ spec, host, lines: run.lines, how: opened });
    const address: PublicAddress = { scheme: 'http', host: spec.publicHost ?? host.hostName, port: opened };
    const privateEnd = await checkPrivacy(spec, tools, { ...input, port: opened, lines: run.lines });
    const end = await verifyPublicEnd(address, { arrival: run.arrival, timeoutMs: arrival, signal });
    signal.throwIfAborted();
    const error = publicEndError(end, address, spec);
    if (end.outcome !== 'arrived') await throwIfEnded(spec, run, host);
    if (error) throw error;
    if (end.outcome !== 'arrived') tools.onDetail?.(end.seen);
    return { address, ended, close: kill, ...(privateEnd && { privateEnd }), ...describeEnd(end, address, spec) };
  } catch (error) {
    await kill();
    throw error;
  }
};

const isHeld = (error: unknown): error is UserError =>
  error instanceof UserError && ['tunnel.ssh-port-taken', 'tunnel.ssh-port-elsewhere'].includes(error.id);

const stillHeld = ({ host, port }: PublicAddress, ms: number): UserError =>
  new UserError(`port ${port} of ${host}, which the tunnel had before, is still in use after ${ms / 1_000}s`, {
    id: 'tunnel.ssh-port-stale',
    hint: 'the server may not have noticed that the last connection is lost: set ClientAliveInterval 15 in its sshd_config, or kill that sshd process',
  });

/** Requests the last port again, which the server may hold for a while for a connection that it does not know to be lost. */
const reopen = async (spec: SshSpec, tools: SshTools, input: Attempt & OpenInput & { previous: PublicAddress }) => {
  const { stale } = { ...patience, ...tools.patienceMs };
  const { previous, signal } = input;
  const held = `port ${previous.port} of ${previous.host} is still in use`;
  const startMs = performance.now();
  for (let tries = 0; performance.now() - startMs < stale; tries++) {
    try {
      return await openOnce(spec, tools, input);
    } catch (error) {
      if (!isHeld(error)) throw error;
    }
    if (tries === 0) tools.onDetail?.(`${held}, perhaps by the lost connection; retrying`);
    // a server notices a lost client only when it sends something to it, such as a connection to the port
    await verifyPublicEnd(previous, { arrival: new Promise(() => undefined), timeoutMs: connectOnceMs, signal });
    await pause(delayMs(backoff, tries), undefined, { signal });
  }
  if (spec.remotePort !== 0) throw stillHeld(previous, stale);
  tools.onDetail?.(`${held} after ${stale / 1_000}s; using another one`);
  return openOnce(spec, tools, { ...input, remotePort: 0 });
};

/** Throws `usage.reach`: the settings are checked before, and nothing may be opened by an oversight. */
const refuseSettings = ({ bindAddress, mustBePrivate, allowFrom }: SshSpec): void => {
  if (allowFrom && process.platform !== 'linux') {
    throw new UserError('tunnel.allowFrom with a tunnel by ssh needs Linux: only there the callers are known', {
      id: 'usage.reach',
      hint: 'leave it out, and let a firewall of that host admit only your cluster',
    });
  }
  if (!mustBePrivate || !isPublic(bindAddress)) return;
  throw new UserError(`ssh.bindAddress is ${bindAddress}, which others can reach, and no public end is allowed`, {
    id: 'usage.reach',
    hint: 'set ssh.bindAddress to a private address of that host, or allow a public end: --tunnel-allow-public true',
  });
};

/** How often, and for how long, a server is tried that has not been reached before. */
const firstTries = { count: 4, ms: 15_000 } as const;

/** Counts what fails before anything has worked: then the settings may be wrong, and someone waits for an answer. */
const countTries = () => {
  let count = 0;
  let sinceMs = performance.now();
  let hasWorked = false;
  const areOver = () => !hasWorked && (count >= firstTries.count || performance.now() - sinceMs > firstTries.ms);
  return {
    hasWorked: () => hasWorked,
    areOver,
    begin: () => {
      if (count++ === 0) sinceMs = performance.now();
    },
    succeed: () => {
      hasWorked = true;
    },
    /** The error of the last try names how many there were. */
    explain: (error: unknown): unknown => {
      if (!(error instanceof UserError) || !isOfReach(error) || !areOver()) return error;
      const seconds = Math.ceil((performance.now() - sinceMs) / 1_000);
      const { id, hint, message } = error;
      return new UserError(`${message} (tried ${count} times in ${seconds} s)`, { id, ...(hint && { hint }) });
    },
  };
};

/** A reverse tunnel (`ssh -R`) by the user's own ssh, with its settings, keys, agent and jump hosts. */
export const sshTunnel = (spec: SshSpec, tools: SshTools): TunnelDriver => {
  const tries = countTries();
  let originators: Originators | undefined;
  const onRun = (next: Originators): void => {
    originators = next;
  };
  return {
    kind: 'ssh',
    target: `ssh ${spec.host}`,
    open: async (input) => {
      refuseSettings(spec);
      tries.begin();
      const { signal, previous } = input;
      const { sshConfigPath } = instancePaths(tools.folder);
      const { host, configPath } = await inspectSsh(spec, { configPath: sshConfigPath, tools, signal });
      const isSameHost = previous?.host === (spec.publicHost ?? host.hostName);
      const remotePort = spec.remotePort || (isSameHost ? previous.port : 0);
      const isSame = isSameHost && remotePort === previous.port;
      const attempt = { ...input, onRun, host, configPath, remotePort };
      const opening = isSame ? reopen(spec, tools, { ...attempt, previous }) : openOnce(spec, tools, attempt);
      const tunnel = await opening.catch((error: unknown) => {
        throw tries.explain(error);
      });
      tries.succeed();
      return tunnel;
    },
    isFinal: (error) => isFinalSshError(error, tries.hasWorked()) || (isOfReach(error) && tries.areOver()),
    findOriginator: async (connection) => originators?.find(connection),
  };
};
