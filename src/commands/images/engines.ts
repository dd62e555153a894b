import { dirname, join } from 'node:path';
import { inScratch } from '../../cluster/images/scratch.ts';
import { UserError } from '../../lib/errors.ts';
import { type Command, CommandError, type Runner } from '../../lib/process/runner.ts';
import { tetherOf } from '../../lib/process/tethered.ts';
import type { Report } from '../../lib/progress.ts';
import { describeBytes } from '../../lib/text/bytes.ts';
import { whileGrowing } from './growth.ts';

/** What keeps images on this host, with the arguments that all three understand. */
const engines = ['docker', 'podman', 'nerdctl'] as const;

type SaveInput = {
  /** The instance's folder, in which the image lies meanwhile. */
  readonly dir: string;
  readonly runner: Runner;
  readonly signal: AbortSignal;
  /** How long an engine may write nothing. */
  readonly stallMs: number;
  readonly report: Report;
};

const askMs = 20_000;

const hasImage = async (engine: string, name: string, { runner, signal }: SaveInput): Promise<boolean> => {
  try {
    await runner([engine, 'image', 'inspect', name], { signal, timeoutMs: askMs });
    return true;
  } catch (error) {
    signal.throwIfAborted();
    // not installed, its daemon does not run, or it has no such image
    if (error instanceof CommandError) return false;
    throw error;
  }
};

const findEngine = async (name: string, input: SaveInput): Promise<string> => {
  for (const engine of engines) if (await hasImage(engine, name, input)) return engine;
  throw new UserError(`no docker, podman or nerdctl of this host has the image ${name}`, {
    id: 'artifact.no-image',
    hint: `where there is a network: docker pull ${name} && docker save ${name} -o image.tar; then here: taskgate images load image.tar`,
  });
};

/** The engine's client, which does not outlive this process where the kernel sees to it. */
const saveCommand = (engine: string, file: string, name: string): Command => {
  const save: Command = [engine, 'save', '--output', file, name];
  const { command, holdsPipe } = tetherOf(save);
  return holdsPipe ? save : command;
};

const save = async (engine: string, name: string, file: string, input: SaveInput): Promise<void> => {
  const { dir, runner, signal, stallMs, report } = input;
  const saying = { name, state: `being saved by ${engine}`, phase: 'working' } as const;
  report(saying);
  const onBytes = (bytes: number) => report({ ...saying, detail: describeBytes(bytes) });
  const stalled = () =>
    new UserError(`${engine} has written nothing of ${name} for ${stallMs / 1_000} s`, {
      id: 'artifact.image-not-saved',
      hint: 'does its daemon answer, and its disk? Allow more time with --timeouts-stage-seconds',
    });
  const command = saveCommand(engine, file, name);
  const work = (until: AbortSignal) => runner(command, { signal: until });
  await whileGrowing(dirname(file), { signal, stallMs, onBytes, stalled }, work).catch((error: unknown) => {
    if (!(error instanceof CommandError)) throw error;
    throw new UserError(`${engine} cannot save ${name}: ${error.stderr.trim().split('\n').at(-1) ?? error.message}`, {
      id: 'artifact.image-not-saved',
      hint: `is the disk of ${dir} full? Else save it elsewhere: ${engine} save ${name} -o FILE; then taskgate images load FILE`,
      cause: error,
    });
  });
};

/**
 * Has an engine of this host that has an image save it, and works with the archive, which is removed afterwards; one that a
 * killed command has left is removed by the next. Throws UserError `artifact.no-image` where none has it, and
 * `artifact.image-not-saved`, also where the engine writes nothing for `stallMs`.
 */
export const saveImage = async <T>(name: string, input: SaveInput, work: (file: string) => Promise<T>): Promise<T> => {
  const engine = await findEngine(name, input);
  return inScratch(input.dir, async (folder) => {
    const file = join(folder, 'image.tar');
    await save(engine, name, file, input);
    return work(file);
  });
};
