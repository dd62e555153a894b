import type { SshSpec } from '../../instance/tunnels.ts';
import { ownValue } from '../../lib/defined.ts';

/** ssh's settings as `ssh -G` prints them: the values of each keyword, which is in lower case, in their order. */
export type SshSettings = ReadonlyMap<string, readonly string[]>;

/** Reads what `ssh -G` prints: a keyword and its value on each line; some keywords have several lines. */
export const parseSettings = (text: string): SshSettings => {
  const settings = new Map<string, readonly string[]>();
  for (const line of text.split('\n')) {
    const [, name, value] = /^(\S+)\s+(.*\S)\s*$/.exec(line) ?? [];
    if (name && value) settings.set(name.toLowerCase(), [...(settings.get(name.toLowerCase()) ?? []), value]);
  }
  return settings;
};

/** A list of files, which ssh prints without quotes: the next one begins with `/`, `~`, `%` or `$`, or is `none`. */
export const splitFiles = (value: string): readonly string[] => value.split(/\s+(?=[/~%$]|none$)/).filter(Boolean);

/** ssh_config(5) splits a value at spaces and expands percent signs. */
export const quotePath = (path: string): string => `"${path.replaceAll('%', '%%')}"`;

/** Files keep their percent signs: `ssh -G` prints them as they are written, but for those that it has expanded already. */
const quoted = (value: string): string => `"${value}"`;
const asFiles = (value: string): string => splitFiles(value).map(quoted).join(' ');
const expandedFiles = (value: string): string => splitFiles(value).map(quotePath).join(' ');
const asIs = (value: string): string => value;

/**
 * What decides how the server is reached, who it is and who we are: the settings that a tunnel keeps of the user's, each
 * with how its value is written. Everything else (forwards, commands, terminals, sessions that are shared, what is sent to
 * the server) belongs to the user's own sessions and could break a tunnel, or be broken by it.
 */
const kept: Readonly<Record<string, (value: string) => string>> = {
  ...{ hostname: asIs, user: quoted, port: asIs, addressfamily: asIs, bindaddress: asIs, bindinterface: asIs },
  ...{ proxycommand: asIs, proxyusefdpass: asIs, connectionattempts: asIs, tcpkeepalive: asIs, ipqos: asIs },
  ...{
    identityfile: quoted,
    identitiesonly: asIs,
    identityagent: quotePath,
    certificatefile: quoted,
    usekeychain: asIs,
  },
  ...{
    pkcs11provider: quoted,
    securitykeyprovider: quoted,
    preferredauthentications: asIs,
    pubkeyauthentication: asIs,
  },
  ...{ hostbasedauthentication: asIs, enablesshkeysign: asIs, gssapiauthentication: asIs, gssapikeyexchange: asIs },
  ...{ gssapiclientidentity: asIs, gssapiserveridentity: asIs, gssapitrustdns: asIs, gssapikexalgorithms: asIs },
  ...{ hostkeyalias: asIs, knownhostscommand: asIs, globalknownhostsfile: asFiles, userknownhostsfile: expandedFiles },
  ...{ hashknownhosts: asIs, checkhostip: asIs, verifyhostkeydns: asIs, revokedhostkeys: quoted, updatehostkeys: asIs },
  ...{ nohostauthenticationforlocalhost: asIs, fingerprinthash: asIs, requiredrsasize: asIs, rsaminsize: asIs },
  ...{ ciphers: asIs, macs: asIs, kexalgorithms: asIs, hostkeyalgorithms: asIs, casignaturealgorithms: asIs },
  ...{ pubkeyacceptedalgorithms: asIs, pubkeyacceptedkeytypes: asIs, compression: asIs, rekeylimit: asIs },
  ...{ hostbasedacceptedalgorithms: asIs, hostbasedkeytypes: asIs, warnweakcrypto: asIs, versionaddendum: asIs },
};

/** Settings that a tunnel sets itself, or that are part of another one. */
const replaced: readonly string[] = [
  ...['host', 'batchmode', 'stricthostkeychecking', 'serveraliveinterval', 'serveralivecountmax', 'connecttimeout'],
  ...['exitonforwardfailure', 'controlmaster', 'controlpath', 'clearallforwardings', 'proxyjump', 'sessiontype'],
];

const shellQuote = (text: string): string =>
  /^[\w.:@%+,/-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

/** The parts of a jump host: `[user@]host[:port]`, an IPv6 address in brackets, or the same as an ssh URI. */
const parseJump = (text: string) => {
  const [, user, v6, name, port] =
    /^(?:ssh:\/\/)?(?:(.+)@)?(?:\[([^\]]+)\]|([^:]+|[^:]*:.*:.*?))(?::(\d+))?$/.exec(text) ?? [];
  return { user, host: v6 ?? name ?? text, port };
};

/**
 * The command by which ssh itself would go over its jump hosts, with the user's own configuration for them: theirs are
 * the settings of that file, not those of the server behind them.
 */
export const jumpCommand = (
  { program, configFile }: Pick<SshSpec, 'program' | 'configFile'>,
  jumps: string,
): string => {
  const hosts = jumps.split(',').map((one) => one.trim());
  const { user, host, port } = parseJump(hosts.at(-1) ?? '');
  const before = hosts.slice(0, -1).join(',');
  const words = [
    program,
    ...(configFile ? ['-F', configFile] : []),
    ...(user ? ['-l', user] : []),
    ...(port ? ['-p', port] : []),
    ...(before ? ['-J', before] : []),
  ];
  return `${words.map(shellQuote).join(' ').replaceAll('%', '%%')} -W '[%h]:%p' -- ${shellQuote(host)}`;
};

const isSame = (one: readonly string[] = [], other: readonly string[] = []): boolean =>
  one.length === other.length && one.every((value, index) => value === other[index]);

const isSet = (values: readonly string[] | undefined): boolean => values !== undefined && values[0] !== 'none';

export type OwnConfig = {
  /** The text of the file. */
  readonly text: string;
  /** Keywords of the user's settings that are not in it. */
  readonly leftOut: readonly string[];
};

/**
 * The configuration of a tunnel's ssh: what the user's has for this host, as far as it concerns the connection. `defaults`
 * are the settings of the same ssh without any file: a setting that is not the user's is not written, since not every ssh
 * takes what it prints.
 */
export const makeConfig = (
  settings: SshSettings,
  defaults: SshSettings,
  spec: Pick<SshSpec, 'program' | 'configFile'>,
): OwnConfig => {
  const always = ['hostname', 'user', 'port'];
  const changed = [...settings].filter(
    ([name, values]) => always.includes(name) || !isSame(values, defaults.get(name)),
  );
  const lines = changed.flatMap(([name, values]) => {
    const write = ownValue(kept, name);
    return write ? values.map((value) => `  ${name} ${write(value)}`) : [];
  });
  const jumps = settings.get('proxyjump');
  const jump =
    isSet(jumps) && !isSet(settings.get('proxycommand'))
      ? [`  proxycommand ${jumpCommand(spec, jumps?.[0] ?? '')}`]
      : [];
  const leftOut = changed
    .map(([name]) => name)
    .filter((name) => !Object.hasOwn(kept, name) && !replaced.includes(name));
  return { text: ['# written by taskgate for its tunnel', 'Host *', ...lines, ...jump, ''].join('\n'), leftOut };
};
