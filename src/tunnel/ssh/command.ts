import type { SshSpec } from '../../instance/tunnels.ts';
import type { Command } from '../../lib/process/runner.ts';

/** The settings of a host, from `ssh -G`. */
export type SshHost = {
  readonly hostName: string;
  readonly user: string;
  readonly port: number;
  readonly knownHostsFiles: readonly string[];
  /** Reached through a jump host or a proxy command. */
  readonly isIndirect: boolean;
  /** ForkAfterAuthentication, which must be off for a supervised tunnel; ssh before 8.7 has no such option. */
  readonly forks: boolean;
};

/** The port on the server, and the local port that it forwards to. */
export type Forward = { readonly remotePort: number; readonly localPort: number };

const destination = ({ host, port, configFile }: SshSpec): readonly string[] => [
  ...(configFile ? ['-F', configFile] : []),
  ...(port ? ['-p', String(port)] : []),
  '--',
  host,
];

/** Prints ssh's settings for the host; `-N`, or it would refuse to fork without a command. */
export const inspectCommand = (spec: SshSpec): Command => [spec.program, '-G', '-N', ...destination(spec)];

/** Reads what `ssh -G` prints: a keyword in lower case and its value on each line. */
export const parseHost = (text: string): SshHost => {
  const settings = new Map(
    text.split('\n').map((line) => {
      const space = line.indexOf(' ');
      return [line.slice(0, space), line.slice(space + 1).trim()] as const;
    }),
  );
  const isSet = (keyword: string) => (settings.get(keyword) ?? 'none') !== 'none';
  return {
    hostName: settings.get('hostname') ?? '',
    user: settings.get('user') ?? '',
    port: Number(settings.get('port') ?? 22),
    knownHostsFiles: (settings.get('userknownhostsfile') ?? '').split(' ').filter(Boolean),
    isIndirect: isSet('proxyjump') || isSet('proxycommand'),
    forks: settings.get('forkafterauthentication') === 'yes',
  };
};

/** ssh_config(5) splits a list of files at spaces and expands percent signs. */
const quotePath = (path: string): string => `"${path.replaceAll('%', '%%')}"`;

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
};

/**
 * Opens the tunnel and stays in the foreground. Only with `-v` ssh reports that the forward is established, why the
 * server refuses it, and which connections come in.
 */
export const tunnelCommand = (spec: SshSpec, { forward, host, knownHostsPath }: SshPlan): Command => {
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
    'ClearAllForwardings=no',
    ...(host.forks ? ['ForkAfterAuthentication=no'] : []),
  ];
  const listen = `${bracket(spec.bindAddress)}:${forward.remotePort}`;
  return [
    spec.program,
    ...['-N', '-T', '-v'],
    ...options.flatMap((option) => ['-o', option]),
    ...['-R', `${listen}:127.0.0.1:${forward.localPort}`],
    ...destination(spec),
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
