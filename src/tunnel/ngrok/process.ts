import type { Command } from '../../lib/process/runner.ts';
import type { spawnTethered } from '../../lib/process/tethered.ts';
import type { PublicAddress } from '../../model/master-endpoint.ts';
import { addressText, parseAddress } from './agent.ts';
import { finalNgrokErrors, findNgrokTrouble, withoutToken } from './errors.ts';
import { readAgentLine } from './log.ts';

export type SpawnTools = {
  readonly spawn: typeof spawnTethered;
  /** The agent's whole environment: HOME, PATH, NGROK_AUTHTOKEN, HTTPS_PROXY. */
  readonly env: Readonly<Record<string, string | undefined>>;
};

/** One running agent. */
export type Agent = {
  /** Resolves when it is gone, with why: what it said last, or that its address is another one. */
  readonly ended: Promise<string>;
  /** Its tunnel is up; from now on it ends when it gets another address. */
  readonly expect: (address: PublicAddress) => void;
  /** What it said last of failures. */
  readonly failures: () => string;
  readonly close: () => Promise<void>;
};

const linesKept = 6;

/** What an agent that is up meets may pass by itself; one that is not up yet ends with any error that has a code. */
const isReasonToEnd = (failures: string, isUp: boolean): boolean => {
  const trouble = findNgrokTrouble(failures);
  return trouble !== undefined && (!isUp || finalNgrokErrors.includes(trouble.id));
};

/** Starts an agent and follows its log. */
export const startAgent = (command: Command, { spawn, env }: SpawnTools, signal: AbortSignal): Agent => {
  const said: string[] = [];
  let expected: string | undefined;
  const { promise: gaveUp, resolve: giveUp } = Promise.withResolvers<string>();
  const failures = () => withoutToken(said.join(' '));
  const onLine = (line: string) => {
    const { url, failure } = readAgentLine(line);
    if (failure) {
      said.push(failure);
      said.splice(0, said.length - linesKept);
      if (isReasonToEnd(said.join(' '), expected !== undefined)) giveUp(failures());
    }
    const address = url && addressText(parseAddress(url));
    if (address && expected && address !== expected) giveUp(`its address is ${address} now, no longer ${expected}`);
  };
  const child = spawn(command, { env, onLine, isWorthKeeping: () => false, signal });
  void child.ended.then((how) => giveUp([how, failures()].filter(Boolean).join(': ')));
  const ended = gaveUp.then(async (why) => {
    await child.kill();
    return why;
  });
  const expect = (address: PublicAddress) => {
    expected = addressText(address);
  };
  return { ended, expect, failures, close: child.kill };
};
