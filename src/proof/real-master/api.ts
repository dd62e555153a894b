import { UserError } from '../../lib/errors.ts';
import { isFields, itemsOf, parseFields } from '../../lib/json.ts';
import { type MasterInfo, parseMasterInfo } from '../probe/placeholder-master.ts';
import { explainAnswer } from './answers.ts';
import type { MasterAnswer, MasterHttp, MasterRequest } from './http.ts';

/** A command, from the master's API. */
export type Command = {
  readonly id: string;
  readonly state: string;
  readonly exitStatus: string;
  /** Where the master has placed it. */
  readonly resourcePool?: string;
};

/** A resource pool of the master, and the cluster (its `cluster_name`) that it belongs to. */
export type ResourcePool = { readonly name: string; readonly clusterName: string };

/** The master's API, after one login. Every method throws UserError `proof.master-*`. */
export type MasterApi = {
  readonly launch: (config: unknown, signal: AbortSignal) => Promise<Command>;
  readonly find: (id: string, signal: AbortSignal) => Promise<Command>;
  /** All resource pools that the master has, of each of its clusters. */
  readonly pools: (signal: AbortSignal) => Promise<readonly ResourcePool[]>;
  /** The allocation that runs a task. */
  readonly allocationOf: (id: string, signal: AbortSignal) => Promise<string>;
  readonly logs: (id: string, signal: AbortSignal) => Promise<readonly string[]>;
  readonly kill: (id: string, signal: AbortSignal) => Promise<void>;
  /** GET from a port of a task; any answer is returned. */
  readonly proxy: (id: string, port: number, signal: AbortSignal) => Promise<MasterAnswer>;
};

const callTimeoutMs = 30_000;
/** Hashing the password takes the master 7 s at best, longer if it is busy. */
const loginTimeoutMs = 120_000;

/** Reads `/info`, which needs no login. Throws UserError `proof.not-a-master`, `proof.master-*`. */
export const askMaster = async (http: MasterHttp, signal: AbortSignal): Promise<MasterInfo> => {
  const answer = await http('/info', { timeoutMs: callTimeoutMs, signal });
  const info = answer.status === 200 ? parseMasterInfo(answer.text) : undefined;
  if (info) return info;
  throw explainAnswer('info', 'GET /info', answer);
};

export type Credentials = {
  readonly username: string;
  readonly password: string;
  /** Where the password comes from and where others are, for the hint after a refusal. */
  readonly passwordHint?: string;
};

/** A token that is none would have its header refused. */
const isHeaderText = (text: string): boolean => /^[\x21-\x7e]+$/.test(text);

const strange = (what: string, seen: string): UserError =>
  new UserError(`the master answers ${what} with ${seen}`, {
    id: 'proof.not-a-master',
    hint: 'give the URL of the master; a proxy in front of it must forward all paths',
  });

const logIn = async (http: MasterHttp, who: Credentials, signal: AbortSignal): Promise<string> => {
  const { username, password, passwordHint } = who;
  const answer = await http('/api/v1/auth/login', {
    ...{ method: 'POST', body: { username, password }, timeoutMs: loginTimeoutMs, signal },
  });
  const { token } = answer.status === 200 ? parseFields(answer.text) : {};
  if (typeof token === 'string' && isHeaderText(token)) return token;
  if (answer.status === 200) {
    throw strange('/api/v1/auth/login', `200 and ${answer.text.length} characters that have no token`);
  }
  const error = explainAnswer('login', 'POST /api/v1/auth/login', { ...answer, secrets: [password] });
  if (error.id !== 'proof.master-login') throw error;
  const isWrong = [401, 403].includes(answer.status);
  throw new UserError(`the master refuses the login of ${username}: ${error.message}`, {
    id: error.id,
    hint: (isWrong && passwordHint) || error.hint || '',
  });
};

/** An id of the master's goes into paths and label selectors. */
const isId = (value: unknown): value is string => typeof value === 'string' && /^[\w.-]{1,200}$/.test(value);

const textOr = (value: unknown, otherwise: string): string => (typeof value === 'string' ? value : otherwise);

const commandIn = (text: string): Command => {
  const { command } = parseFields(text);
  if (!isFields(command) || !isId(command.id)) {
    throw strange('a request about commands', JSON.stringify(text.slice(0, 80)));
  }
  const { id, state, exitStatus, resourcePool } = command;
  const placed = textOr(resourcePool, '');
  return {
    ...{ id, state: textOr(state, 'STATE_UNSPECIFIED'), exitStatus: textOr(exitStatus, '') },
    ...(placed && { resourcePool: placed }),
  };
};

/** Of `GET /api/v1/resource-pools`. */
const poolsIn = (text: string): readonly ResourcePool[] =>
  itemsOf(parseFields(text).resourcePools)
    .filter(isFields)
    .map(({ name, clusterName }) => ({ name: textOr(name, ''), clusterName: textOr(clusterName, '') }))
    .filter(({ name }) => name !== '');

/** Lines of a streamed answer: one JSON object each, with the log entry in `result`. */
export const logLinesIn = (text: string): readonly string[] =>
  text
    .split('\n')
    .filter(Boolean)
    .flatMap((line) => {
      const { result } = parseFields(line);
      const entry = isFields(result) ? result.log || result.message : undefined;
      return typeof entry === 'string' && entry ? [entry.trimEnd()] : [];
    });

/** Logs in once, because a login takes the master seconds. */
export const openSession = async (http: MasterHttp, who: Credentials, signal: AbortSignal): Promise<MasterApi> => {
  const token = await logIn(http, who, signal);
  const ask = (path: string, request: Pick<MasterRequest, 'method' | 'body' | 'signal'>) =>
    http(path, { ...request, token, timeoutMs: callTimeoutMs });
  const call = async (path: string, request: Pick<MasterRequest, 'method' | 'body' | 'signal'>): Promise<string> => {
    const answer = await ask(path, request);
    if (answer.status === 200) return answer.text;
    throw explainAnswer('call', `${request.method ?? 'GET'} ${path}`, answer);
  };
  return {
    launch: async (config, abort) =>
      commandIn(await call('/api/v1/commands', { method: 'POST', body: { config }, signal: abort })),
    find: async (id, abort) => commandIn(await call(`/api/v1/commands/${id}`, { signal: abort })),
    pools: async (abort) => poolsIn(await call('/api/v1/resource-pools', { signal: abort })),
    allocationOf: async (id, abort) => {
      const text = await call(`/api/v1/tasks/${id}`, { signal: abort });
      const { task } = parseFields(text);
      const last = isFields(task) ? itemsOf(task.allocations).at(-1) : undefined;
      return isFields(last) && isId(last.allocationId) ? last.allocationId : `${id}.1`;
    },
    logs: async (id, abort) => logLinesIn(await call(`/api/v1/tasks/${id}/logs`, { signal: abort })),
    kill: async (id, abort) => void (await call(`/api/v1/commands/${id}/kill`, { method: 'POST', signal: abort })),
    proxy: (id, port, abort) => ask(`/proxy/${id}:${port}/taskgate`, { signal: abort }),
  };
};
