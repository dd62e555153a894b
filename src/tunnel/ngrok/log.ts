import { isFields, parseJson } from '../../lib/json.ts';

const failureLevels = ['warn', 'eror', 'error', 'crit'];

/** What the agent says when it has lost its session with ngrok; it then tries to get another one by itself. */
const lostSession = [
  'session closed, starting reconnect loop',
  'heartbeat timeout, terminating session',
  'failed to reconnect session',
];

export type AgentLine = {
  /** The address of a tunnel that was started. */
  readonly url?: string;
  /** Why something failed. */
  readonly failure?: string;
  /** Whether the agent has a session with ngrok now: `true`, or why it has none. */
  readonly session?: true | string;
};

/**
 * Reads a record of the JSON log, or a line that the agent prints before it has a log, which begins with `ERROR:`. Tested in
 * test/tunnel/ngrok/log.test.ts.
 */
export const readAgentLine = (line: string): AgentLine => {
  const record = parseJson(line);
  if (!isFields(record)) {
    const [, failure] = /^ERROR:\s*(.*)/.exec(line) ?? [];
    return failure ? { failure } : {};
  }
  const { lvl, msg, err, url, obj } = record;
  // it looks for newer agents beside its work
  if (obj === 'updater') return {};
  if ((msg === 'started tunnel' || msg === 'started endpoint') && typeof url === 'string') return { url };
  if (msg === 'client session established') return { session: true };
  const error = typeof err === 'string' && err !== '<nil>' && err !== 'nil' ? err : undefined;
  const isLost = typeof msg === 'string' && lostSession.includes(msg);
  return {
    ...(typeof lvl === 'string' && failureLevels.includes(lvl) && error && { failure: error }),
    ...(isLost && { session: [msg, error].filter(Boolean).join(': ') }),
  };
};
