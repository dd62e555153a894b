import { type Command, CommandError, type Runner, type RunOptions } from '../../src/lib/process/runner.ts';

type Answer = string | { readonly exitCode: number; readonly stdout?: string; readonly stderr?: string };

/** A runner that knows only the given commands (argv joined by spaces), keeps every call and fails on any other. */
export const fakeRunner = (answers: Readonly<Record<string, Answer>>) => {
  const calls: string[] = [];
  const options: (RunOptions | undefined)[] = [];
  const runner: Runner = async (command: Command, runOptions) => {
    const line = command.join(' ');
    calls.push(line);
    options.push(runOptions);
    const answer = answers[line];
    if (answer === undefined) throw new Error(`fakeRunner was not told about: ${line}`);
    const result = typeof answer === 'string' ? { exitCode: 0, stdout: answer } : answer;
    const { exitCode, stdout = '', stderr = '' } = { stderr: '', ...result };
    for (const text of `${stdout}\n${stderr}`.split('\n').filter(Boolean)) runOptions?.onLine?.(text);
    if (exitCode !== 0) throw new CommandError(command, { exitCode, stdout, stderr });
    return { exitCode, stdout, stderr };
  };
  return { runner, calls, options };
};
