import type { Losses } from './forward.ts';
import type { WayResults } from './minikube-results.ts';
import type { Measurements } from './results.ts';
import type { SshCompared, SshResults } from './ssh.ts';
import type { FaultName } from './ssh-faults.ts';
import { alwaysAtMost, atMost, type Line, none, plain, several } from './target-line.ts';
import { megabytesPerSecond, perSecond, seconds, times, type Unit } from './units.ts';

type SshLoad = Exclude<keyof SshResults, 'recoveries'>;

const besidePlain = (what: string, unit: Unit, load: SshLoad): readonly Line[] => {
  const pick = (key: 'ours' | 'plain' | 'ratio') => (all: Measurements) => all.ssh?.[load][key];
  return [
    plain(`${what}, our ssh tunnel`, unit, pick('ours')),
    plain(`${what}, plain \`ssh -R -N\``, unit, pick('plain')),
    plain('  ours / plain', times, pick('ratio')),
  ];
};

const lostBy = (title: string, load: SshLoad): Line =>
  none(title, ({ ssh }) => {
    if (!ssh) return undefined;
    const { amount, ours, lost }: SshCompared = ssh[load];
    return { count: lost.ours, what: `of ${ours.count} x ${amount}; plain ssh: ${lost.plain}` };
  });

const backAfter = (fault: FaultName): Line =>
  alwaysAtMost(`ssh tunnel back after: ${fault}`, { limit: 5_000, unit: seconds }, ({ ssh }) =>
    several(ssh?.recoveries[fault]),
  );

export const sshLines: readonly Line[] = [
  lostBy('short connections lost in our ssh tunnel', 'short'),
  lostBy('messages lost on 200 connections at once', 'concurrent'),
  lostBy('bytes lost of a stream', 'stream'),
  backAfter('ssh killed'),
  backAfter('sshd restarted'),
  backAfter('sshd down'),
  backAfter('link down'),
  ...besidePlain('new connections', perSecond, 'short'),
  ...besidePlain('messages on 200 connections', perSecond, 'concurrent'),
  ...besidePlain('a stream', megabytesPerSecond, 'stream'),
];

const lossesOf = ({ connections, sentBytes, lostBytes, broken }: Losses) =>
  `${lostBytes} of ${megabytes(sentBytes)} lost, ${broken.length} of ${connections} connections broken`;
const megabytes: Unit = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

export const forwardLines: readonly Line[] = [
  none('bytes lost by our forwards while listeners change', ({ forward }) => {
    if (!forward) return undefined;
    const { ours, kubectlFollowing, changes } = forward;
    const beside = `kubectl started anew ${kubectlFollowing.changes} times to follow: ${lossesOf(kubectlFollowing)}`;
    const what = `${changes} changes: ${lossesOf(ours)}; ${beside}`;
    return { count: ours.lostBytes, what, isEnded: ours.broken.length > 0 };
  }),
  plain('listener added, to its forward', seconds, ({ forward }) => forward?.addedMs),
  plain('listener removed, to a refusal', seconds, ({ forward }) => forward?.removedMs),
  plain('a stream, our forward', megabytesPerSecond, ({ forward }) => forward?.bytesPerSecond.ours),
  plain('a stream, `kubectl port-forward`', megabytesPerSecond, ({ forward }) => forward?.bytesPerSecond.kubectl),
  plain('  ours / kubectl', times, ({ forward }) => forward?.bytesPerSecond.ratio),
];

const onMinikube = ({ minikube }: Measurements): WayResults | undefined =>
  minikube?.find(({ way }) => way === 'taskgate on Minikube');

export const minikubeLines: readonly Line[] = [
  atMost(
    '`up` on Minikube, beyond `minikube start`',
    { limit: 20_000, unit: seconds },
    (all) => onMinikube(all)?.beyondStartMs,
  ),
  atMost('second `up` on Minikube', { limit: 5_000, unit: seconds }, (all) => onMinikube(all)?.secondMs),
  none('objects changed by it', (all) => {
    const changes = onMinikube(all)?.changedBySecond;
    return changes && { count: changes.length, what: changes.join(', ') };
  }),
];
