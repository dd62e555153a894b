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
  /** Resolves when it has ended, with the reason: its last output, or that its address has changed. */
  readonly ended: Promise<string>;
  /** Its tunnel is up; from now on it is ended if its address changes. */
  readonly expect: (address: PublicAddress) => void;
  /** Its last failures. */
  readonly failures: () => string;
  readonly close: () => Promise<void>;
};

const linesKept = 6;

/** An agent that was up may recover from an error; one that was not ends at any error with a code. */
const isReasonToEnd = (failures: string, isUp: boolean): boolean => {
  const trouble = findNgrokTrouble(failures);
  return trouble !== undefined && (!isUp || finalNgrokErrors.includes(trouble.id));
};

/** Starts an agent and follows its log. Tested in test/process/ngrok.test.ts. */
export const startAgent = (command: Command, { spawn, env }: SpawnTools, signal: AbortSignal): Agent => {
  const reported: string[] = [];
  let expected: string | undefined;
  const { promise: gaveUp, resolve: giveUp } = Promise.withResolvers<string>();
  const failures = () => withoutToken(reported.join(' '));
  const onLine = (line: string) => {
    const { url, failure } = readAgentLine(line);
    if (failure) {
      reported.push(failure);
      reported.splice(0, reported.length - linesKept);
      if (isReasonToEnd(reported.join(' '), expected !== undefined)) giveUp(failures());
    }
    const address = url && addressText(parseAddress(url));
    if (address && expected && address !== expected) giveUp(`its address has changed from ${expected} to ${address}`);
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
