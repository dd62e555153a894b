import { CommandError, execaRunner } from '../../../src/lib/process/runner.ts';
import type { Say } from '../../rig/progress.ts';
import { type Access, inCheckout, sshCommand } from '../ssh.ts';

export type Outcome = { readonly exitCode: number; readonly output: string };

/** What a scenario does in its machine, each command by an ssh session of its own. */
export type Session = {
  readonly access: Access & { readonly consolePath: string };
  readonly signal: AbortSignal;
  readonly say: Say;
  /** Runs a command as `dev` in the checkout's folder, shows its lines, and gives how it ended. */
  readonly run: (...command: readonly string[]) => Promise<Outcome>;
  /** As `run`, but a line of shell by root; throws where it fails. */
  readonly root: (line: string) => Promise<string>;
};

/** One scenario: throws an Error with what was not as it should be. */
export type Scenario = { readonly title: string; readonly run: (session: Session) => Promise<void> };

export const check = (isTrue: boolean, problem: string): void => {
  if (!isTrue) throw new Error(problem);
};

/** Fails the scenario unless a command ended with 0. */
export const succeed = async (outcome: Promise<Outcome>): Promise<string> => {
  const { exitCode, output } = await outcome;
  check(exitCode === 0, `exit ${exitCode}`);
  return output;
};

export const makeSession = (
  access: Session['access'],
  { say, signal }: { readonly say: Say; readonly signal: AbortSignal },
): Session => {
  const run = async (...command: readonly string[]): Promise<Outcome> => {
    say(`$ ${command.join(' ')}`);
    const lines: string[] = [];
    const onLine = (line: string) => {
      lines.push(line);
      process.stdout.write(`    ${line}\n`);
    };
    const exitCode = await execaRunner(sshCommand(access, inCheckout(command)), { signal, onLine }).then(
      () => 0,
      (error: unknown) => {
        signal.throwIfAborted();
        if (error instanceof CommandError && error.exitCode !== undefined) return error.exitCode;
        throw error;
      },
    );
    return { exitCode, output: lines.join('\n') };
  };
  return { access, signal, say, run, root: (line) => succeed(run('sudo', 'sh', '-c', line)) };
};
