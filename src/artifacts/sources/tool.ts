// Tested in test/artifacts/sources/{go-build,wheel,debian}.test.ts
import { type ErrorId, messageOf, UserError } from '../../lib/errors.ts';
import { type Command, CommandError, type RunOptions } from '../../lib/process/runner.ts';
import type { Work } from '../item.ts';
import { isMissingProgram, isOutOfSpace } from '../store/failure.ts';

type Advice = { readonly id: ErrorId; readonly hint: string };

/** A tool that gets files, such as the go command, and what the user can do when it fails. */
export type Tool = {
  readonly name: string;
  readonly missing: Advice;
  /** Failures that its output shows. */
  readonly known: readonly (Advice & { readonly pattern: RegExp; readonly message: (...found: string[]) => string })[];
  readonly otherwise: Advice;
};

export const explainFailure = (error: CommandError, { name, known, otherwise }: Tool): UserError => {
  const cause = error;
  for (const { pattern, message, id, hint } of known) {
    // `go mod download -json` reports errors on stdout
    const found = pattern.exec(`${error.stderr}\n${error.stdout}`);
    if (found) return new UserError(message(...found), { id, hint, cause });
  }
  return new UserError(`${name} failed: ${messageOf(error).split('\n').at(-1)}`, { ...otherwise, cause });
};

type ToolOptions = RunOptions & { readonly tool: Tool };

/** Runs a command of a tool. Throws UserErrors that explain its failure. */
export const runTool = async ({ runner, signal }: Work, command: Command, { tool, ...options }: ToolOptions) => {
  try {
    return await runner(command, { ...options, signal });
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof CommandError) || isOutOfSpace(error)) throw error;
    if (!isMissingProgram(error)) throw explainFailure(error, tool);
    throw new UserError(`no ${command[0]} command on PATH`, { ...tool.missing, cause: error });
  }
};
