import type { SshSpec } from '../../instance/tunnels.ts';
import type { Command } from '../../lib/process/runner.ts';
import { parseSettings, quotePath, splitFiles } from './config.ts';

/** The settings of a host, from `ssh -G`. */
export type SshHost = {
  readonly hostName: string;
  readonly user: string;
  readonly port: number;
  readonly knownHostsFiles: readonly string[];
  /** Reached through a jump host or a proxy command. */
  readonly isIndirect: boolean;
};

/** The port on the server, and the local port that it forwards to. */
export type Forward = { readonly remotePort: number; readonly localPort: number };

/** Without a terminal ssh would ask for passwords in a window. */
export const neverAsk = { SSH_ASKPASS_REQUIRE: 'never' };

/** Prints the version on stderr. */
export const versionCommand = ({ program }: SshSpec): Command => [program, '-V'];

/** Prints ssh's settings for the host by the user's files, or by none; `-N`, or it would refuse to fork without a command. */
export const inspectCommand = ({ program, host, port, configFile }: SshSpec, from: 'user' | 'none'): Command => [
  ...([program, '-G', '-N'] as const),
  ...(from === 'none' ? ['-F', '/dev/null'] : configFile ? ['-F', configFile] : []),
  ...(port ? ['-p', String(port)] : []),
  ...['--', host],
];

/** Reads what `ssh -G` prints. */
export const parseHost = (text: string): SshHost => {
  const settings = parseSettings(text);
  const first = (keyword: string): string | undefined => settings.get(keyword)?.[0];
  const isSet = (keyword: string) => (first(keyword) ?? 'none') !== 'none';
  return {
    hostName: first('hostname') ?? '',
    user: first('user') ?? '',
    port: Number(first('port') ?? 22),
    knownHostsFiles: splitFiles(first('userknownhostsfile') ?? ''),
    isIndirect: isSet('proxyjump') || isSet('proxycommand'),
  };
};

const hostKeyOptions = ({ hostKeyPolicy }: SshSpec, known: readonly string[], ownFile: string): readonly string[] => [
  `StrictHostKeyChecking=${hostKeyPolicy}`,
  // new keys go into the first file; a key that the user knows already must still be the same
  ...(hostKeyPolicy === 'yes' ? [] : [`UserKnownHostsFile=${[ownFile, ...known].map(quotePath).join(' ')}`]),
];

const bracket = (address: string): string => (address.includes(':') ? `[${address}]` : address);

export type SshPlan = {
  readonly forward: Forward;
  readonly host: SshHost;
  /** The known_hosts file of the instance. */
  readonly knownHostsPath: string;
  /** The configuration that was written for this tunnel. */
  readonly configPath: string;
};

/**
 * Opens the tunnel and stays in the foreground, by a configuration of its own: what the user's files have for a session
 * (forwards, a command, a shared connection) is not for a tunnel. Only with `-v` ssh reports that the forward is established, why the
 * server refuses it, and which connections come in.
 */
export const tunnelCommand = (spec: SshSpec, { forward, host, knownHostsPath, configPath }: SshPlan): Command => {
  const options = [
    'BatchMode=yes',
    ...hostKeyOptions(spec, host.knownHostsFiles, knownHostsPath),
    `ServerAliveInterval=${spec.serverAliveInterval}`,
    `ServerAliveCountMax=${spec.serverAliveCountMax}`,
    'ExitOnForwardFailure=yes',
    'ConnectTimeout=10',
    // a shared master connection would keep the forward after this ssh has ended, and hide its errors
    'ControlMaster=no',
    'ControlPath=none',
  ];
  const listen = `${bracket(spec.bindAddress)}:${forward.remotePort}`;
  return [
    spec.program,
    ...['-F', configPath, '-N', '-T', '-v'],
    ...options.flatMap((option) => ['-o', option]),
    ...['-R', `${listen}:127.0.0.1:${forward.localPort}`],
    ...['--', spec.host],
  ];
};

/** Whether a line is debug output of `-v`, which may continue in indented lines. */
export const isDebugLine = (line: string): boolean => /^(debug\d: |\s|$)/.test(line);

/** Whether a line says nothing about a failure. */
export const isNoise = (line: string): boolean =>
  isDebugLine(line) ||
  /^(OpenSSH_|Authenticated to|Allocated port|Transferred:|Bytes per second:|Warning: Permanently added)/.test(line);

/** The port on which the server listens for the forward, if the line reports it. */
export const findOpenPort = (line: string, { remotePort, localPort }: Forward): number | undefined => {
  const to = `127\\.0\\.0\\.1:${localPort}$`;
  if (remotePort === 0) {
    const allocated = new RegExp(`^Allocated port (\\d+) for remote forward to ${to}`).exec(line);
    return allocated ? Number(allocated[1]) : undefined;
  }
  const stands = new RegExp(`^debug1: remote forward success for: listen .*\\b${remotePort}, connect ${to}`);
  return stands.test(line) ? remotePort : undefined;
};

/** Whether a line reports a connection to the forwarded port on the server. */
export const isArrival = (line: string, port: number): boolean =>
  new RegExp(`^debug1: client_request_forwarded_tcpip: listen \\S* port ${port}, `).test(line);

/** Whether the server reports that it listens on every address instead of the requested one. */
export const isOverridden = (line: string): boolean =>
  /^debug1: Remote: Forwarding listen address ".*" overridden by server GatewayPorts/.test(line);

/** The address of the server to which ssh has connected itself, if the line reports it; a proxy hides it. */
export const findPeerAddress = (line: string): string | undefined =>
  /^Authenticated to \S+ \(\[([^\]]+)\]:\d+\)/.exec(line)?.[1];
