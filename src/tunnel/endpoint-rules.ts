import { isLoopback, isPublic } from '../lib/cidr.ts';
import { masterUrlHint, parseMasterUrl } from '../model/master-url.ts';
import type { MasterRouteSettings } from './endpoint.ts';

/** A problem of the settings that decide how tasks reach the master. */
export type MasterRouteFinding = {
  readonly severity: 'error' | 'warning';
  /** Path of the setting. */
  readonly path: string;
  readonly message: string;
  readonly hint: string;
};

type Rule = (settings: MasterRouteSettings) => readonly (MasterRouteFinding | false)[];

const error = (path: string, message: string, hint: string) => ({ severity: 'error', path, message, hint }) as const;

const url: Rule = ({ master: { reach, url: text } }) => {
  if (text === undefined) {
    const hint = 'set it to the address by which tasks reach the master, such as https://master.example:8443';
    return [reach === 'url' && error('master.url', 'is not set, and master.reach is url', hint)];
  }
  const parsed = parseMasterUrl(text);
  const problems = 'problems' in parsed ? parsed.problems : [];
  return [
    reach !== 'url' &&
      error('master.url', `is set, but master.reach is ${reach}`, 'set master.reach to url, or leave master.url out'),
    ...problems.map((problem) => error('master.url', problem, masterUrlHint)),
  ];
};

const ssh: Rule = ({ master: { reach }, ssh: { host } }) => [
  reach === 'ssh' &&
    !host &&
    error('ssh.host', 'is not set, and master.reach is ssh', 'name a host that the cluster can reach, as ssh takes it'),
];

const ngrok: Rule = ({ master: { reach, scheme }, ngrok: { domain, tcpAddress } }) => [
  domain !== undefined &&
    tcpAddress !== undefined &&
    error('ngrok.tcpAddress', 'is set, and ngrok.domain too', 'a tunnel has one address: leave one of them out'),
  reach === 'ngrok' &&
    scheme === 'https' &&
    !tcpAddress &&
    error(
      'master.scheme',
      "is https, but ngrok's https address ends TLS itself and speaks plain http to the master",
      'set master.scheme to http (tasks get https all the same), or use a TCP address: ngrok.tcpAddress',
    ),
];

const exposure: Rule = ({ master: { reach }, ssh: { bindAddress }, tunnel: { allowPublic } }) => [
  !allowPublic &&
    (reach === 'ngrok' || (reach === 'ssh' && isPublic(bindAddress))) &&
    error(
      'tunnel.allowPublic',
      `is not set, but a tunnel by ${reach} exposes the master to the internet`,
      `set it to allow that (--tunnel-allow-public true); the tunnel expires after tunnel.ttlHours${reach === 'ssh' ? '; or set ssh.bindAddress to a private address of that host' : ''}`,
    ),
];

const forwards: Rule = ({ gateway: { reach, forwardAddress }, tunnel: { allowPublic } }) => [
  reach !== 'node' &&
    !isLoopback(forwardAddress) &&
    !allowPublic &&
    error(
      'gateway.forwardAddress',
      `is ${forwardAddress}, at which others can reach task ports, and tunnel.allowPublic is not set`,
      `set it to allow that (--tunnel-allow-public true); ${reach === 'published' ? 'published ports do not expire' : 'the forwards expire after tunnel.ttlHours'}; or leave it at 127.0.0.1`,
    ),
];

const callers: Rule = ({ master: { reach }, ngrok: { trafficPolicyFile }, tunnel: { allowFrom } }) => [
  allowFrom !== undefined &&
    trafficPolicyFile !== undefined &&
    error(
      'tunnel.allowFrom',
      'is set, and ngrok.trafficPolicyFile too: ngrok takes one traffic policy, and taskgate would write that of tunnel.allowFrom',
      'leave one of them out; in a policy of your own, the action restrict-ips does the same',
    ),
  allowFrom !== undefined &&
    (reach === 'direct' || reach === 'url') && {
      severity: 'warning',
      path: 'tunnel.allowFrom',
      message: `is not used, since master.reach is ${reach}`,
      hint: 'leave it out',
    },
];

const host: Rule = ({ master }) => [
  master.host !== undefined &&
    master.reach !== 'auto' &&
    master.reach !== 'direct' && {
      severity: 'warning',
      path: 'master.host',
      message: `is not used, since master.reach is ${master.reach}`,
      hint: 'leave it out',
    },
];

/** The own authority reaches tasks as the master's; where TLS ends before the master, they see another certificate. */
const tls: Rule = ({ master: { reach, tls: isOn }, ngrok: { tcpAddress } }) => [
  isOn &&
    (reach === 'url' || (reach === 'ngrok' && !tcpAddress)) &&
    error(
      'master.tls',
      reach === 'url'
        ? 'is on, but the certificate at master.url is not made by taskgate'
        : 'is on, but ngrok ends TLS itself',
      reach === 'url'
        ? 'leave it out; set the certificate of that address in the master'
        : 'leave it out, or use ngrok.tcpAddress',
    ),
];

/** All problems of the settings that decide how tasks reach the master. */
export const findMasterRouteProblems = (settings: MasterRouteSettings): readonly MasterRouteFinding[] =>
  [url, ssh, ngrok, tls, exposure, forwards, callers, host]
    .flatMap((rule) => rule(settings))
    .filter((finding) => finding !== false);
