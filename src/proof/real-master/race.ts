import type { Finding, Hop } from '../../model/path.ts';
import { noProxy, type ProxyResult } from './findings.ts';

/** What the master writes into the task log once listeners, Services and TCPRoutes of the task are made. */
const resourcesMade = 'created gateway proxy resources';

/** A pod that runs before its listeners are made is never registered (docs/determined.md, What a task makes). */
const race: Finding = {
  cause:
    'the task ran before its listeners were made, and the master never registers it (service not found): a race of the master',
  hint: 'kill such a task and launch it again; it is met most by tasks with many ports, and rarely by one with a single port',
};

/**
 * Puts the race in place of the general finding where the log shows that all the task needs was made. A finding of another
 * kind stays: listeners that are on another Gateway are no race.
 */
export const withRace = (hops: readonly Hop[], proxied: ProxyResult, logs: readonly string[]): readonly Hop[] => {
  if (proxied.outcome !== 'unregistered' || !logs.some((line) => line.includes(resourcesMade))) return hops;
  const { cause } = noProxy(proxied.seen);
  return hops.map((hop) => (hop.finding?.cause === cause ? { ...hop, finding: race } : hop));
};

/** Whether a task was lost in the race, so that another one may well work. */
export const isRaced = (hops: readonly Hop[]): boolean => hops.some(({ finding }) => finding === race);

export const raceNote = `the first task met a race: ${race.cause}; what is shown is a second one`;
