import { ownValue } from '../../lib/defined.ts';
import type { Finding } from '../../model/path.ts';

/** What is known about a task that ended or never ran. */
export type TaskTrouble = {
  readonly state: string;
  readonly exitStatus: string;
  readonly logs: readonly string[];
  /** Why its log could not be read; then `logs` is empty. */
  readonly unread?: string;
};

/** The task's last words, or why they are not known, as an addition to a cause. */
export const lastWords = ({ logs, unread }: Pick<TaskTrouble, 'logs' | 'unread'>): string => {
  const last = logs.at(-1);
  if (last) return `; its log ends with: ${last}`;
  return unread === undefined ? '' : `; its log could not be read: ${unread}`;
};

const wheelHint =
  "name as root in master.yaml a folder with wheels/determined-VERSION-*.whl of the master's version (taskgate up writes one), and restart the master";

type Explain = (match: RegExpMatchArray) => Finding;

/** Texts of the exit status or the task log, most specific first. */
const explanations: readonly (readonly [RegExp, Explain])[] = [
  [
    /Too many: (\d+): must have at most (\d+) items?/,
    ([, wanted, limit]) => ({
      cause: `Too many: the Gateway CRD allows at most ${limit} listener${limit === '1' ? '' : 's'}, and the task needed number ${wanted}`,
      hint: 'raise maxItems of listeners in spec and status of the CRD (taskgate up does), or end tasks',
    }),
  ],
  [
    /not enough free ports in range (\d+-\d+)/,
    ([, range]) => ({
      cause: `all ports in range ${range} of the internal task gateway are in use`,
      hint: 'end tasks that have proxy ports, or widen the range in master.yaml and restart the master',
    }),
  ],
  [
    /gateways\S* "(.+?)" not found/,
    ([, name]) => ({
      cause: `the master does not find Gateway ${name}`,
      hint: 'recreate it (taskgate up); the master needs no restart',
    }),
  ],
  [
    /\S+ is forbidden: .*/,
    ([text]) => ({
      cause: `the master lacks a right that it needs: ${text}`,
      hint: 'grant its user the rules of the RBAC file next to master.yaml',
    }),
  ],
  [
    /unrecoverable image pull errors?.*|ErrImagePull.*|ImagePullBackOff.*/,
    ([text]) => ({
      cause: `the image of the task cannot be pulled: ${text}`,
      hint: 'load it into the nodes: taskgate images load IMAGE (or an archive of it); or use an image that they can pull',
    }),
  ],
  [
    /Requirement '\S*\/wheels\/determined\S*' looks like a filename, but the file does not exist/,
    () => ({
      cause: `the master gave the task no wheel of determined: its root has none of its version`,
      hint: wheelHint,
    }),
  ],
  [
    /No module named '?determined'?/,
    ([text]) => ({
      cause: `the task has no package determined: its image lacks it, and it installed no wheel of the master (${text})`,
      hint: wheelHint,
    }),
  ],
  [
    /python3: (?:command )?not found|(?:bash|tar): (?:command )?not found|exec format error/,
    ([text]) => ({
      cause: `the image of the task lacks a program that every Determined task needs: ${text}`,
      hint: 'use an image with bash, tar and python3',
    }),
  ],
];

/** What a known text of the exit status or the task log says of the end of a task; undefined without one. */
export const findTaskText = ({ exitStatus, logs }: TaskTrouble): Finding | undefined => {
  const text = [exitStatus, ...logs].join('\n');
  for (const [pattern, explain] of explanations) {
    const match = text.match(pattern);
    if (match) return explain(match);
  }
  return undefined;
};

/** Why a task ended before it could answer: by a known text, else its own last words. */
export const findTaskEnd = (trouble: TaskTrouble): Finding => {
  const { state, exitStatus } = trouble;
  return (
    findTaskText(trouble) ?? {
      cause: `the task is ${state}${exitStatus && `, ${exitStatus}`}${lastWords(trouble)}`,
      hint: 'see its task log and the log of the master',
    }
  );
};

const unstarted: Finding = {
  cause: 'the master has not started the task',
  hint: 'is there room in the resource pool? a task without slots needs a node that accepts it',
};

/** Masters before 0.19 have PENDING and ASSIGNED, later ones QUEUED. */
const stuck: Readonly<Record<string, Finding>> = {
  STATE_QUEUED: unstarted,
  STATE_PENDING: unstarted,
  STATE_ASSIGNED: { cause: 'no pod of the task is scheduled', hint: 'see the events of its pod' },
  STATE_PULLING: {
    cause: 'the image of the task is still being pulled',
    hint: 'allow more time, or use a smaller image',
  },
  STATE_STARTING: {
    cause: 'the pod of the task runs, but the master does not notice',
    hint: 'its user needs get on pods/log (the master log says: starting pod logs streamer), and the node must serve logs',
  },
};

/** Why a task does not run in time. */
export const findStuckTask = (trouble: TaskTrouble): Finding => ownValue(stuck, trouble.state) ?? findTaskEnd(trouble);

/** Result of a request through the master's `/proxy/`. */
export type ProxyResult =
  | { readonly outcome: 'answered'; readonly latencyMs: number }
  | { readonly outcome: 'unregistered' | 'unreachable' | 'refused' | 'wrong'; readonly seen: string }
  /** Asking on is of no use. */
  | { readonly outcome: 'hopeless' };

/** Judges an answer through `/proxy/`: it must be the nonce; the master's own answers are recognised by body and status. */
export const judgeProxied = (
  { status, text, location }: { readonly status: number; readonly text: string; readonly location?: string },
  nonce: string,
  latencyMs: number,
): ProxyResult => {
  if (status === 200 && text.trim() === nonce) return { outcome: 'answered', latencyMs };
  const seen = `${status} ${JSON.stringify(text.slice(0, 120))}${location ? `, leads to ${location.slice(0, 120)}` : ''}`;
  if (status === 404 && text.includes('service not found')) return { outcome: 'unregistered', seen };
  if (status === 502 || status === 503 || status === 504) return { outcome: 'unreachable', seen };
  // 303 leads a session that the master does not know any more to its login page
  return { outcome: status === 401 || status === 403 || status === 303 ? 'refused' : 'wrong', seen };
};

/** A master's own 502 has no body; other gateways send a page with theirs. */
const isForeign = (seen: string): boolean => /^50[234] "\s*(?:\\n)*\s*<(?:!doctype|html|head|body)/i.test(seen);

/** Of a task whose listeners are there, and which the master has not registered. */
export const noProxy = (seen: string): Finding => ({
  cause: `the master has no proxy for the running task: ${seen}`,
  hint: 'does its task log have: did not proxy as expected? restart the task, and check internal_task_gateway in master.yaml',
});

/** Why the master answers so for a running task; `seenFromHere`: the Gateway answers this host with the nonce. */
export const findProxyTrouble = (
  outcome: Exclude<ProxyResult['outcome'], 'answered' | 'hopeless'>,
  { seen, seenFromHere, gatewayAddress }: { seen: string; seenFromHere: boolean; gatewayAddress: string },
): Finding | undefined => {
  if (outcome === 'unregistered') return noProxy(seen);
  if (outcome === 'refused') {
    return {
      cause: `the master refuses the session at /proxy/: ${seen}`,
      hint: 'may the user see tasks of its workspace? behind a proxy: does that pass the header Authorization on?',
    };
  }
  if (outcome === 'unreachable' && isForeign(seen)) {
    return {
      cause: `a proxy in front of the master answers in its place: ${seen}`,
      hint: 'look into the log of that proxy: its timeouts, and whether it passes /proxy/ on; or give the URL of the master itself',
    };
  }
  if (outcome === 'unreachable' && seenFromHere) {
    return {
      cause: `the master cannot reach the task (${seen}), though ${gatewayAddress} answers this host`,
      hint: `is that its gateway_ip? where the master has HTTP_PROXY set, add ${gatewayAddress} to its NO_PROXY`,
    };
  }
  return undefined;
};
