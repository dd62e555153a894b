import { UserError } from '../../lib/errors.ts';
import { type MasterInfo, parseMasterInfo } from '../probe/placeholder-master.ts';
import type { MasterAnswer, MasterHttp, MasterRequest } from './http.ts';

/** A command, from the master's API. */
export type Command = { readonly id: string; readonly state: string; readonly exitStatus: string };

/** The master's API, after one login. Every method throws UserError `proof.master-*`. */
export type MasterApi = {
  readonly launch: (config: unknown, signal: AbortSignal) => Promise<Command>;
  readonly find: (id: string, signal: AbortSignal) => Promise<Command>;
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

/** The text of a refusal: `{"error": {"error": ...}}` of the API, `{"message": ...}` of the master's own pages. */
export const refusalIn = (text: string): string => {
  try {
    const { error, message } = JSON.parse(text) as { readonly error?: unknown; readonly message?: unknown };
    const inner = typeof error === 'object' && error && 'error' in error ? error.error : error;
    return String(inner ?? message ?? text).slice(0, 1000);
  } catch {
    return text.slice(0, 300);
  }
};

const isWrongScheme = ({ status, text }: MasterAnswer): boolean =>
  status === 400 && /HTTP request .*to an? HTTPS/i.test(text);

/** Reads `/info`, which needs no login. Throws UserError `proof.not-a-master`, `proof.master-*`. */
export const askMaster = async (http: MasterHttp, signal: AbortSignal): Promise<MasterInfo> => {
  const answer = await http('/info', { timeoutMs: callTimeoutMs, signal });
  const info = answer.status === 200 ? parseMasterInfo(answer.text) : undefined;
  if (info) return info;
  if (isWrongScheme(answer)) {
    const hint = 'give its URL with https://';
    throw new UserError('the master speaks https, but its URL has http', { id: 'proof.master-scheme', hint });
  }
  throw new UserError(
    `no Determined master: GET /info gave ${answer.status} ${JSON.stringify(answer.text.slice(0, 80))}`,
    {
      id: 'proof.not-a-master',
      hint: 'give the URL of the master; a proxy in front of it must forward all paths',
    },
  );
};

export type Credentials = { readonly username: string; readonly password: string };

const logIn = async (http: MasterHttp, body: Credentials, signal: AbortSignal): Promise<string> => {
  const { status, text } = await http('/api/v1/auth/login', {
    ...{ method: 'POST', body, timeoutMs: loginTimeoutMs, signal },
  });
  if (status === 200) return (JSON.parse(text) as { readonly token: string }).token;
  throw new UserError(`the master refuses the login of ${body.username}: ${status} ${refusalIn(text)}`, {
    id: 'proof.master-login',
    hint: 'correct the user name or the password; for a master that taskgate configured, the password is in master.yaml',
  });
};

type RawCommand = { readonly id: string; readonly state?: string; readonly exitStatus?: string };

const commandIn = (text: string): Command => {
  const { command } = JSON.parse(text) as { readonly command: RawCommand };
  return { id: command.id, state: command.state ?? 'STATE_UNSPECIFIED', exitStatus: command.exitStatus ?? '' };
};

/** Lines of a streamed answer: one JSON object each, with the log entry in `result`. */
export const logLinesIn = (text: string): readonly string[] =>
  text
    .split('\n')
    .filter(Boolean)
    .flatMap((line) => {
      const { result } = JSON.parse(line) as { readonly result?: { readonly log?: string; readonly message?: string } };
      const entry = result?.log || result?.message;
      return entry ? [entry.trimEnd()] : [];
    });

/** Logs in once, because a login takes the master seconds. */
export const openSession = async (http: MasterHttp, who: Credentials, signal: AbortSignal): Promise<MasterApi> => {
  const token = await logIn(http, who, signal);
  const ask = (path: string, request: Pick<MasterRequest, 'method' | 'body' | 'signal'>) =>
    http(path, { ...request, token, timeoutMs: callTimeoutMs });
  const call = async (path: string, request: Pick<MasterRequest, 'method' | 'body' | 'signal'>): Promise<string> => {
    const { status, text } = await ask(path, request);
    if (status === 200) return text;
    throw new UserError(`${request.method ?? 'GET'} ${path} gave ${status}: ${refusalIn(text)}`, {
      id: 'proof.master-refused',
      hint: 'fix what the master reports',
    });
  };
  return {
    launch: async (config, abort) =>
      commandIn(await call('/api/v1/commands', { method: 'POST', body: { config }, signal: abort })),
    find: async (id, abort) => commandIn(await call(`/api/v1/commands/${id}`, { signal: abort })),
    allocationOf: async (id, abort) => {
      const text = await call(`/api/v1/tasks/${id}`, { signal: abort });
      const { task } = JSON.parse(text) as {
        readonly task: { readonly allocations?: readonly { readonly allocationId?: string }[] };
      };
      return task.allocations?.at(-1)?.allocationId ?? `${id}.1`;
    },
    logs: async (id, abort) => logLinesIn(await call(`/api/v1/tasks/${id}/logs`, { signal: abort })),
    kill: async (id, abort) => void (await call(`/api/v1/commands/${id}/kill`, { method: 'POST', signal: abort })),
    proxy: (id, port, abort) => ask(`/proxy/${id}:${port}/taskgate`, { signal: abort }),
  };
};
