import type { Command } from '../../lib/process/runner.ts';
import { originOf, type PublicAddress } from '../../model/master-endpoint.ts';
import type { DriverTools } from '../tunnel.ts';
import { parseAddress } from './agent.ts';
import { finalNgrokErrors, findNgrokTrouble, withoutToken } from './errors.ts';
import { readAgentLine } from './log.ts';

/** One running agent. */
export type Agent = {
  /** Resolves when it has ended, with the reason: its last output, or that its address has changed. */
  readonly ended: Promise<string>;
  /** Resolves with the address of its tunnel, as its log has it: a pipe that nobody else can write to. */
  readonly started: Promise<PublicAddress>;
  /** Its tunnel is up; from now on it is ended if its address changes. */
  readonly expect: (address: PublicAddress) => void;
  /** Its last failures since it had a session. */
  readonly failures: () => string;
  /** `true` unless its log says that it has lost its session with ngrok. */
  readonly session: () => true | string;
  /** Resolves when that changes. */
  readonly sessionChange: () => Promise<void>;
  /** Whether it has begun its log: an agent without one has not read its configuration. */
  readonly hasLog: () => boolean;
  readonly close: () => Promise<void>;
};

const linesKept = 6;

/** An agent that was up may recover from an error; one that was not ends at any error with a code. */
const isReasonToEnd = (failure: string, isUp: boolean): boolean => {
  const trouble = findNgrokTrouble(failure);
  return trouble !== undefined && (!isUp || finalNgrokErrors.includes(trouble.id));
};

export type AgentTools = DriverTools & {
  /** Called with each line of its output, without the authtoken. */
  readonly onOutput?: (line: string) => void;
  /** The secrets in ngrok's own file, which are hidden like that of NGROK_AUTHTOKEN. */
  readonly secrets?: readonly string[];
};

const makeSession = () => {
  let state: true | string = true;
  let change = Promise.withResolvers<void>();
  return {
    enter: (next: true | string) => {
      const last = change;
      const isChange = (next === true) !== (state === true);
      state = next;
      if (!isChange) return;
      change = Promise.withResolvers<void>();
      last.resolve();
    },
    session: () => (state === true ? state : `the agent has lost its session with ngrok: ${state}`),
    sessionChange: () => change.promise,
  };
};

/** A token that is shorter is none, and might be a part of any word. */
const shortestToken = 8;

/** Starts an agent and follows its log. Tested in test/process/ngrok.test.ts, too. */
export const startAgent = (command: Command, tools: AgentTools, signal: AbortSignal): Agent => {
  const { spawn, env, onOutput, secrets = [] } = tools;
  const reported: string[] = [];
  let expected: string | undefined;
  const { promise: gaveUp, resolve: giveUp } = Promise.withResolvers<string>();
  const { promise: started, resolve: start } = Promise.withResolvers<PublicAddress>();
  let hasLog = false;
  const { NGROK_AUTHTOKEN: token = '' } = env;
  const known = [token, ...secrets].filter((one) => one.length >= shortestToken);
  const hide = (text: string) => withoutToken(text, known);
  const { enter, ...words } = makeSession();
  const failures = () => hide(reported.join(' '));
  const onFailure = (failure: string) => {
    reported.push(failure);
    reported.splice(0, reported.length - linesKept);
    // those before it are of another attempt, and may have another code
    if (isReasonToEnd(failure, expected !== undefined)) giveUp(hide(failure));
  };
  const onAddress = (parsed: PublicAddress) => {
    start(parsed);
    const address = originOf(parsed);
    if (expected && address !== expected) giveUp(`its address has changed from ${expected} to ${address}`);
  };
  const onLine = (line: string) => {
    const { url, failure, session } = readAgentLine(line);
    hasLog ||= line.startsWith('{');
    onOutput?.(hide(line));
    if (session !== undefined) enter(session === true || hide(session));
    if (session === true) reported.length = 0;
    if (failure) onFailure(failure);
    const parsed = url === undefined ? undefined : parseAddress(url);
    if (parsed) onAddress(parsed);
  };
  // what the system or a launcher says of the agent; the agent's own errors are in `failures`
  const isWorthKeeping = (line: string) => !/^(\{|ERROR:)/.test(line);
  const child = spawn(command, { env, onLine, isWorthKeeping, signal });
  void child.ended.then((how) => giveUp([hide(how), failures()].filter(Boolean).join(': ')));
  const ended = gaveUp.then(async (why) => {
    await child.kill();
    return why;
  });
  const expect = (address: PublicAddress) => {
    expected = originOf(address);
  };
  return { ended, started, expect, failures, ...words, hasLog: () => hasLog, close: child.kill };
};
