/** The relevant content of one line of an agent's output. */
export type AgentLine = {
  /** The address of a tunnel that was started. */
  readonly url?: string;
  /** Why something failed. */
  readonly failure?: string;
};

type LogRecord = Readonly<Record<'lvl' | 'msg' | 'err' | 'url', unknown>>;

const failureLevels = ['warn', 'eror', 'error', 'crit'];

const parseRecord = (line: string): LogRecord | undefined => {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as LogRecord;
  } catch {
    return undefined;
  }
};

/**
 * Reads a record of the JSON log, or a line that the agent prints before it has a log, which begins with `ERROR:`.
 * Tested in test/tunnel/ngrok/agent.test.ts.
 */
export const readAgentLine = (line: string): AgentLine => {
  const record = parseRecord(line);
  if (!record) {
    const [, failure] = /^ERROR:\s*(.*)/.exec(line) ?? [];
    return failure ? { failure } : {};
  }
  const { lvl, msg, err, url } = record;
  if (msg === 'started tunnel' && typeof url === 'string') return { url };
  const hasError = typeof err === 'string' && err !== '<nil>';
  return failureLevels.includes(String(lvl)) && hasError ? { failure: err } : {};
};
