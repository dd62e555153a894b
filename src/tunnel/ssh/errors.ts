import type { SshSpec } from '../../instance/tunnels.ts';
import { type ErrorId, UserError } from '../../lib/errors.ts';
import { isDebugLine, type SshHost } from './command.ts';

/** An ssh that exited before its tunnel was established. */
export type SshFailure = {
  readonly spec: SshSpec;
  readonly host: SshHost;
  /** All of its output. */
  readonly lines: readonly string[];
  /** Such as `exited with 255`. */
  readonly how: string;
};

type Explanation = { readonly id: ErrorId; readonly cause: string; readonly hint: string };
type Rule = (match: RegExpExecArray, failure: SshFailure) => Explanation;

const sshdConfig = 'in /etc/ssh/sshd_config of the server, then reload sshd';

const hostKeyChanged: Rule = ([, file, line], { host }) => ({
  id: 'tunnel.ssh-host-key-changed',
  cause: `the server's host key differs from the one of ${host.hostName} in ${file}, line ${line}`,
  hint: `if the server was reinstalled, remove that line: ssh-keygen -f "${file}" -R "${knownAs(host)}"; if not, the connection may be intercepted`,
});

const knownAs = ({ hostName, port }: SshHost): string => (port === 22 ? hostName : `[${hostName}]:${port}`);

const hostKeyUnknown: Rule = ([, name], { spec, host: { hostName, isIndirect } }) => ({
  id: 'tunnel.ssh-host-key-unknown',
  cause: `no known_hosts file has the host key of ${name ?? hostName}${isIndirect ? ', or of a jump host' : ''}`,
  hint: `connect once by hand (ssh ${spec.host}) and compare the fingerprint, or ${isIndirect ? 'set StrictHostKeyChecking accept-new in ~/.ssh/config for the jump hosts' : 'set ssh.hostKeyPolicy to accept-new'}`,
});

const keyTrouble = (lines: readonly string[]): string => {
  const bad = lines.find((line) =>
    /too open|bad permissions|agent refused|incorrect passphrase|no such identity|^Load key|not accessible/.test(line),
  );
  const offered = lines.flatMap((line) => /^debug1: Offering public key: (\S+)/.exec(line)?.[1] ?? []);
  if (bad) return bad.replace(/^debug\d: /, '').trim();
  return offered.length > 0 ? `offered: ${[...new Set(offered)].join(', ')}` : 'no key was offered';
};

const permissionDenied: Rule = ([, who, methods = ''], { spec, lines }) =>
  methods.split(',').includes('publickey')
    ? {
        id: 'tunnel.ssh-refused-key',
        cause: `${who} refuses every key (${keyTrouble(lines)})`,
        hint: `let 'ssh -o BatchMode=yes ${spec.host} true' work first: add the key to the server's authorized_keys, name it by IdentityFile in ~/.ssh/config, or load it into the agent (ssh-add)`,
      }
    : {
        id: 'tunnel.ssh-password-needed',
        cause: `${who} accepts only ${methods}, and a tunnel that reconnects on its own cannot enter a password`,
        hint: `allow keys: PubkeyAuthentication yes ${sshdConfig}; then ssh-copy-id ${spec.host}`,
      };

const tooManyKeys: Rule = ([, who]) => ({
  id: 'tunnel.ssh-refused-key',
  cause: `${who} refuses the connection after several wrong keys`,
  hint: 'name the right one in ~/.ssh/config: IdentityFile, and IdentitiesOnly yes',
});

const forbidden: Rule = (_, { spec: { remotePort }, host: { user } }) => ({
  id: 'tunnel.ssh-forwarding-forbidden',
  cause: `the server forbids user ${user} to forward ports${remotePort > 0 && remotePort < 1024 && user !== 'root' ? `, or port ${remotePort}, which is root's` : ''}`,
  hint: `set AllowTcpForwarding remote and DisableForwarding no ${sshdConfig}; the key's line in authorized_keys must not have no-port-forwarding, nor restrict without port-forwarding`,
});

const notPermitted: Rule = (_, { spec: { bindAddress, remotePort } }) => ({
  id: 'tunnel.ssh-forwarding-forbidden',
  cause: `the server does not allow this key or user to listen on ${bindAddress} port ${remotePort}`,
  hint: `choose a port that PermitListen (sshd_config) or permitlisten (the key's line in authorized_keys) allows, or allow this one`,
});

const portTaken: Rule = ([, port], { spec, host }) => ({
  id: 'tunnel.ssh-port-taken',
  cause: `port ${port} of ${host.hostName} is in use`,
  hint: `find the program (ss -ltnp 'sport = :${port}' on the server), or choose another ssh.remotePort (0: the server chooses)${spec.remotePort === 0 ? '; another forward in ~/.ssh/config may be the cause' : ''}`,
});

const unreachable: Rule = ([what], { host: { hostName, port, isIndirect } }) => ({
  id: 'tunnel.ssh-unreachable',
  cause: `${/refused/.test(what) ? 'no SSH server answers: ' : ''}${what.trim()}`,
  hint: `is it the right --ssh-host and --ssh-port? check that sshd of ${hostName} runs and listens on port ${port}, that no firewall blocks this machine${isIndirect ? ', and that the jump host or proxy (ProxyJump, ProxyCommand) works' : ''}`,
});

/** What the shell says that starts a ProxyCommand. */
const noProxyCommand: Rule = ([what]) => ({
  id: 'tunnel.ssh-config',
  cause: `the ProxyCommand cannot be run: ${what.trim()}`,
  hint: 'install the program, or fix ProxyCommand in ~/.ssh/config',
});

const revokedKey: Rule = ([what]) => ({
  id: 'tunnel.ssh-host-key-changed',
  cause: `the server's host key is revoked: ${what.trim()}`,
  hint: 'ask who runs the server: a revoked key may be in the hands of others',
});

const expired: Rule = ([what]) => ({
  id: 'tunnel.ssh-refused-key',
  cause: what.trim(),
  hint: 'log in once by hand, or ask who runs the server',
});

const unknownHost: Rule = ([what], { spec }) => ({
  id: /Temporary failure/.test(what) ? 'tunnel.ssh-no-dns' : 'tunnel.ssh-unknown-host',
  cause: what.trim(),
  hint: `fix the name ${spec.host}, or set its address by HostName in ~/.ssh/config`,
});

/** An option that taskgate itself gives. */
const unknownOption: Rule = ([what], { spec: { program } }) => ({
  id: 'tunnel.ssh-old',
  cause: `${program} does not know an option of taskgate: ${what.trim()}`,
  hint: 'update the OpenSSH client, or name another one by ssh.program',
});

const wrongConfig: Rule = ([what]) => ({
  id: 'tunnel.ssh-config',
  cause: `ssh rejects its settings: ${what.trim()}`,
  hint: 'fix the file that it names',
});

const noCommonAlgorithm: Rule = ([what]) => ({
  id: 'tunnel.ssh-algorithms',
  cause: what.trim(),
  hint: 'update the server, or allow what it offers for this host in ~/.ssh/config (HostKeyAlgorithms, KexAlgorithms, Ciphers)',
});

/**
 * `sh: 1: nc: not found`, `zsh:1: command not found: nc`, `/opt/proxy.sh: line 2: nc: command not found`. Not what `ssh:`
 * says itself, nor a connection that bash makes (`bash: line 1: /dev/tcp/HOST/22: Permission denied`, `bash: connect: ...`).
 */
const shellFailure =
  /^(?:\S*\/)?(?:(?:ba|da|k|mk|ya|z|t?c|fi|a)?sh|\S+\.sh|exec|env):(?:\d+:)? (?!.*(?:\/dev\/tcp\/|\bconnect: )).*(?:not found|No such file or directory|[Pp]ermission denied).*/m;

/** The most specific first: later lines of ssh often follow from earlier ones. */
const rules: readonly (readonly [RegExp, Rule])[] = [
  [/^(?:command-line: line \d+: |(?:unknown|illegal|invalid) option -- ).*/m, unknownOption],
  [/^.*(?:Bad configuration option|Bad owner or permissions|Can't open user config).*/m, wrongConfig],
  // ssh's own have no colon before the word; shells that run a ProxyCommand do, such as `bash: line 1: /dev/tcp/...`
  [
    /^.*[^:\s] line \d+: .*(?:argument|[Uu]nsupported|[Mm]issing|[Bb]ad|[Ii]nvalid|no closing|[Gg]arbage|[Nn]o such).*/m,
    wrongConfig,
  ],
  [/^.*(?:terminating, \d+ bad|percent_expand: |vdollar_percent_expand: ).*/m, wrongConfig],
  [shellFailure, noProxyCommand],
  [/Could not resolve hostname .*/, unknownHost],
  [/^.*(?:REVOKED HOST KEY|is marked as revoked|was revoked).*/m, revokedKey],
  [/Offending \S+ key in (.+):(\d+)/, hostKeyChanged],
  [/No \S+ host key is known for (\S+)/, hostKeyUnknown],
  [/Host key verification failed/, hostKeyUnknown],
  [/Unable to negotiate with .*/, noCommonAlgorithm],
  [/^(\S+@\S+): Permission denied \(([^)]*)\)/m, permissionDenied],
  [/disconnect from (\S+) port \d+:2: Too many authentication failures/, tooManyKeys],
  [/^.*(?:account has expired|password has expired|account is currently not available).*/im, expired],
  [/Remote: Server has disabled port forwarding/, forbidden],
  [/Remote: port forwarding refused/, notPermitted],
  [/remote port forwarding failed for listen (?:port |\S*:)?(\d+)/, portTaken],
  [
    /^.*(?:connect to host .* port \d+:|kex_exchange_identification:|banner exchange:|Connection (?:closed|reset)).*/m,
    unreachable,
  ],
];

/** Of the debug messages, only those from the server may contain a cause. */
const isRelevant = (line: string): boolean => !/^debug\d: (?!Remote: )/.test(line);

const lastOutput = (lines: readonly string[]): string =>
  lines
    .filter((line) => line !== '' && !isDebugLine(line))
    .slice(-3)
    .join('; ');

/** The error for an ssh that exited before its tunnel was established. */
export const sshError = (failure: SshFailure): UserError => {
  const { spec, lines, how } = failure;
  const text = lines.filter(isRelevant).join('\n');
  for (const [pattern, explain] of rules) {
    const match = pattern.exec(text);
    if (!match) continue;
    const { id, cause, hint } = explain(match, failure);
    return new UserError(`ssh ${spec.host}: ${cause}`, { id, hint });
  }
  return new UserError(`ssh ${spec.host} ${how}: ${lastOutput(lines) || 'no output'}`, {
    id: 'tunnel.ssh-ended',
    hint: `try by hand: ssh -v -N ${spec.host}`,
  });
};

/** Never temporary. */
const finalAlways: readonly string[] = [
  'tunnel.ssh-missing',
  'tunnel.ssh-old',
  'tunnel.ssh-config',
  'tunnel.ssh-host-key-changed',
  'tunnel.ssh-host-key-unknown',
  'tunnel.ssh-wildcard',
  'usage.reach',
];

/** Wrong settings, unless the tunnel has worked before: then a VPN, an agent or the server may come back. */
const finalAtFirst: readonly string[] = [
  'tunnel.ssh-unknown-host',
  'tunnel.ssh-refused-key',
  'tunnel.ssh-password-needed',
  'tunnel.ssh-forwarding-forbidden',
  'tunnel.ssh-port-taken',
  'tunnel.ssh-port-elsewhere',
  'tunnel.ssh-loopback-only',
  'tunnel.ssh-algorithms',
];

/** What the network may be the cause of, or what nobody has told apart: it passes, or the address is a wrong one. */
export const isOfReach = ({ id }: UserError): boolean =>
  ['tunnel.ssh-unreachable', 'tunnel.ssh-no-dns', 'tunnel.ssh-ended'].includes(id);

/** Whether a retry is useless; `hasWorked`: the same tunnel was established before. */
export const isFinalSshError = ({ id }: UserError, hasWorked: boolean): boolean =>
  finalAlways.includes(id) || (!hasWorked && finalAtFirst.includes(id));
