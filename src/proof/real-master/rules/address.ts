import { isSameAddress, type MasterEndpoint, originOf } from '../../../model/master-endpoint.ts';
import { parseMasterUrl } from '../../../model/master-url.ts';
import { findReverse } from '../../diagnosis/reverse-findings.ts';
import type { ReverseFailure } from '../../probe/reverse.ts';
import type { Sighting, TaskFinding, TaskRule } from './rule.ts';

/** The log shipper of a task, recorded with a real master; it ends with 80 half a minute after its first try. */
const unable = /Unable to reach the master at DET_MASTER=(\S*?)[.,]?(?:\s|$)/;
const exit80 = /exit (?:code|status):? ?80\b/i;
const shipperCrash = /ship_logs\.py crashed!/;
/** Its later tries, and the end of an older one. */
const unshipped = /failed to (?:ship logs to|connect to) master/;

/** Words of Python's urllib, socket and ssl, and of a requests' error, for why a connection was not made. */
const reasons: readonly (readonly [RegExp, ReverseFailure])[] = [
  [/was refused|connection refused/i, 'refused'],
  [/CERTIFICATE_VERIFY_FAILED|certificate verify failed/i, 'untrusted'],
  [/WRONG_VERSION_NUMBER|RemoteDisconnected|BadStatusLine|Connection reset|without response/i, 'closed'],
  [/Name or service not known|name resolution\]|No address associated|Temporary failure in name/i, 'unresolved'],
  [/No route to host|Network is unreachable/i, 'unreachable'],
  [/timed out/i, 'timeout'],
];

/** DET_MASTER in the environment of the task's pods. */
export const detMasterOf = ({ pods, logs }: Pick<Sighting, 'pods' | 'logs'>): string | undefined => {
  const env = pods.flatMap(({ spec }) => spec?.containers ?? []).flatMap((container) => container.env ?? []);
  return env.find(({ name }) => name === 'DET_MASTER')?.value ?? unable.exec(logs.join('\n'))?.[1];
};

const keys = { scheme: 'determined_master_scheme', host: 'determined_master_host', port: 'determined_master_port' };

/** The keys of master.yaml that lead to another address than the proven one, with the values that they should have. */
const differences = (proven: MasterEndpoint, dialed: MasterEndpoint): readonly string[] =>
  (['scheme', 'host', 'port'] as const)
    .filter((part) => proven[part] !== dialed[part])
    .map((part) => `${keys[part]}: ${proven[part]}`);

const correction = (proven: MasterEndpoint, dialed: MasterEndpoint): string =>
  `set ${differences(proven, dialed).join(', ')} in master.yaml, in the resource manager of this cluster, and restart the master`;

const parse = (detMaster: string | undefined): MasterEndpoint | undefined => {
  if (detMaster === undefined) return undefined;
  const parsed = parseMasterUrl(detMaster);
  return 'problems' in parsed ? undefined : parsed;
};

const others = /Unable to reach|failed to ship logs|urlopen|Errno|Error:/;

/** Of the log that the shipper wrote: its general advice ("may be due to an address resolution problem ...") is no reason. */
const reasonIn = (logs: readonly string[]): ReverseFailure | undefined => {
  const text = logs.filter((line) => others.test(line) || /refused|timed out/.test(line)).join('\n');
  return reasons.find(([pattern]) => pattern.test(text))?.[1];
};

/** The proven address, and yet this task did not get through. */
const atProvenAddress = (seen: Sighting, proven: MasterEndpoint, reason: ReverseFailure | undefined): TaskFinding => {
  const { logs, localPort = proven.port, found = { kind: 'master', clusterId: '', version: '' } } = seen;
  if (found.kind === 'none') {
    return {
      cause: `the task could not reach the master at its DET_MASTER ${originOf(proven)}: this host finds nothing there either, though the master answers at its URL`,
      hint: `have the master listen on port ${localPort} of 0.0.0.0${proven.via === 'direct' ? ` or ${proven.host}` : ''}, where taskgate has proven the way back to`,
    };
  }
  if (reason === undefined && found.kind === 'master') {
    return {
      cause: `the task could not reach the master at its DET_MASTER ${originOf(proven)}, which is the address that taskgate has proven`,
      hint: 'is the way back still open? run taskgate smoke without --master, which proves it hop by hop',
    };
  }
  const { cause, hint } = findReverse(reason ?? 'refused', {
    seen: logs.at(-1) ?? '',
    master: proven,
    found,
    localPort,
  });
  return { cause: `the task could not reach the master at its DET_MASTER: ${cause}`, hint };
};

const words: Readonly<Partial<Record<ReverseFailure, string>>> = {
  refused: 'connection refused',
  untrusted: 'its certificate is not trusted',
  closed: 'the connection is closed: another scheme, http or https, is spoken there',
  unresolved: 'the name does not resolve',
  unreachable: 'no route',
  timeout: 'no answer',
};

/** Says which keys of master.yaml are wrong, by the address that is proven. */
const atOtherAddress = (
  { proven }: Sighting,
  { detMaster, reason }: { readonly detMaster: string | undefined; readonly reason: ReverseFailure | undefined },
): TaskFinding => {
  const dialed = parse(detMaster);
  const why = (reason && words[reason]) ?? 'no connection';
  const cause = `the task could not reach the master at its DET_MASTER${detMaster ? ` ${detMaster}` : ''} (${why})`;
  if (!proven) {
    return {
      cause,
      hint: 'is the tunnel up, and do determined_master_host, _port and _scheme name its public end?',
    };
  }
  const reached = `pods of this cluster reach it at ${originOf(proven)}`;
  if (!dialed) {
    return { cause, hint: `${reached}: do determined_master_host, _port and _scheme in master.yaml say so?` };
  }
  return { cause: `${cause}; ${reached}`, hint: correction(proven, dialed) };
};

const explainUnreached = (seen: Sighting): TaskFinding => {
  const { proven, logs } = seen;
  const detMaster = detMasterOf(seen);
  const dialed = parse(detMaster);
  const reason = reasonIn(logs);
  if (proven && dialed && isSameAddress(dialed, proven)) return atProvenAddress(seen, proven, reason);
  return atOtherAddress(seen, { detMaster, reason });
};

/** Whether the log or the end of a task says that it did not reach its master. */
export const isUnreached = ({ exitStatus, logs }: Pick<Sighting, 'exitStatus' | 'logs'>): boolean => {
  if (logs.some((line) => unable.test(line))) return true;
  const isOtherCrash = logs.some((line) => shipperCrash.test(line)) && !logs.some((line) => unshipped.test(line));
  return exit80.test(exitStatus) && !isOtherCrash;
};

/** A task tells in its log that it cannot reach its master while it still runs, 20 s after its launch or earlier. */
export const masterUnreached: TaskRule = {
  isFinal: true,
  find: (seen) => {
    if (!isUnreached(seen)) return undefined;
    const evidence = seen.logs.find((line) => unable.test(line));
    return { ...explainUnreached(seen), direction: 'reverse', ...(evidence && { evidence }) };
  },
};

/** No word in the log yet, but the pod dials another address than the proven one, and does not get on. */
export const otherMasterAddress: TaskRule = {
  isFinal: false,
  find: (seen) => {
    const detMaster = detMasterOf(seen);
    const parsed = parse(detMaster);
    const { proven, hasSpoken } = seen;
    if (!proven || !parsed || hasSpoken || isSameAddress(parsed, proven)) return undefined;
    return {
      cause: `the task log does not show that its program has started: it dials the master at ${detMaster}, while pods of this cluster reach it at ${originOf(proven)}`,
      hint: correction(proven, parsed),
      direction: 'reverse',
    };
  },
};
