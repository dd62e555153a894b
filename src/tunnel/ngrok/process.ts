import { isFields, parseJson } from '../../lib/json.ts';
import type { Command } from '../../lib/process/runner.ts';
import { originOf, type PublicAddress } from '../../model/master-endpoint.ts';
import type { DriverTools } from '../tunnel.ts';
import { parseAddress } from './agent.ts';
import { finalNgrokErrors, findNgrokTrouble, withoutToken } from './errors.ts';

const failureLevels = ['warn', 'eror', 'error', 'crit'];

/**
 * Reads a record of the JSON log, or a line that the agent prints before it has a log, which begins with `ERROR:`: the
 * address of a tunnel that was started, or why something failed. Tested in test/tunnel/ngrok/agent.test.ts.
 */
export const readAgentLine = (line: string): { readonly url?: string; readonly failure?: string } => {
  const record = parseJson(line);
  if (!isFields(record)) {
    const [, failure] = /^ERROR:\s*(.*)/.exec(line) ?? [];
    return failure ? { failure } : {};
  }
  const { lvl, msg, err, url } = record;
  if ((msg === 'started tunnel' || msg === 'started endpoint') && typeof url === 'string') return { url };
  const hasError = typeof err === 'string' && err !== '<nil>';
  return typeof lvl === 'string' && failureLevels.includes(lvl) && hasError ? { failure: err } : {};
};

/** One running agent. */
export type Agent = {
  /** Resolves when it has ended, with the reason: its last output, or that its address has changed. */
  readonly ended: Promise<string>;
  /** Resolves with the address of its tunnel, as its log has it: a pipe that nobody else can write to. */
  readonly started: Promise<PublicAddress>;
  /** Its tunnel is up; from now on it is ended if its address changes. */
  readonly expect: (address: PublicAddress) => void;
  /** Its last failures. */
  readonly failures: () => string;
  /** Whether it has begun its log: an agent without one has not read its configuration. */
  readonly hasLog: () => boolean;
  readonly close: () => Promise<void>;
};

const linesKept = 6;

/** An agent that was up may recover from an error; one that was not ends at any error with a code. */
const isReasonToEnd = (failures: string, isUp: boolean): boolean => {
  const trouble = findNgrokTrouble(failures);
  return trouble !== undefined && (!isUp || finalNgrokErrors.includes(trouble.id));
};

export type AgentTools = DriverTools & {
  /** Called with each line of its output, without the authtoken. */
  readonly onOutput?: (line: string) => void;
};

/** Starts an agent and follows its log. Tested in test/process/ngrok.test.ts. */
export const startAgent = (command: Command, { spawn, env, onOutput }: AgentTools, signal: AbortSignal): Agent => {
  const reported: string[] = [];
  let expected: string | undefined;
  const { promise: gaveUp, resolve: giveUp } = Promise.withResolvers<string>();
  const { promise: started, resolve: start } = Promise.withResolvers<PublicAddress>();
  let hasLog = false;
  const failures = () => withoutToken(reported.join(' '));
  const onLine = (line: string) => {
    const { url, failure } = readAgentLine(line);
    hasLog ||= line.startsWith('{');
    onOutput?.(withoutToken(line));
    if (failure) {
      reported.push(failure);
      reported.splice(0, reported.length - linesKept);
      if (isReasonToEnd(reported.join(' '), expected !== undefined)) giveUp(failures());
    }
    const parsed = url === undefined ? undefined : parseAddress(url);
    if (!parsed) return;
    start(parsed);
    const address = originOf(parsed);
    if (expected && address !== expected) giveUp(`its address has changed from ${expected} to ${address}`);
  };
  // what the system or a launcher says of the agent; the agent's own errors are in `failures`
  const isWorthKeeping = (line: string) => !/^(\{|ERROR:)/.test(line);
  const child = spawn(command, { env, onLine, isWorthKeeping, signal });
  void child.ended.then((how) => giveUp([withoutToken(how), failures()].filter(Boolean).join(': ')));
  const ended = gaveUp.then(async (why) => {
    await child.kill();
    return why;
  });
  const expect = (address: PublicAddress) => {
    expected = originOf(address);
  };
  return { ended, started, expect, failures, hasLog: () => hasLog, close: child.kill };
};
