import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../lib/errors.ts';
import { type Command, CommandError, type Runner } from '../../lib/process/runner.ts';
import type { Report } from '../../lib/progress.ts';

/** What keeps images on this host, with the arguments that all three understand. */
const engines = ['docker', 'podman', 'nerdctl'] as const;

type SaveInput = {
  /** The instance's folder, in which the image lies meanwhile. */
  readonly dir: string;
  readonly runner: Runner;
  readonly signal: AbortSignal;
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

/**
 * Has an engine of this host that has an image save it, and works with the archive, which is removed afterwards. Throws UserError `artifact.no-image` where none has it, and `artifact.image-not-saved`.
 */
export const saveImage = async <T>(name: string, input: SaveInput, work: (file: string) => Promise<T>): Promise<T> => {
  const { dir, runner, signal, report } = input;
  const engine = await findEngine(name, input);
  const folder = await mkdtemp(join(dir, 'images-'));
  try {
    const file = join(folder, 'image.tar');
    report({ name, state: `being saved by ${engine}`, phase: 'working' });
    const save: Command = [engine, 'save', '--output', file, name];
    await runner(save, { signal }).catch((error: unknown) => {
      signal.throwIfAborted();
      if (!(error instanceof CommandError)) throw error;
      throw new UserError(`${engine} cannot save ${name}: ${error.stderr.trim().split('\n').at(-1) ?? error.message}`, {
        id: 'artifact.image-not-saved',
        hint: `is the disk of ${dir} full? Else save it elsewhere: ${engine} save ${name} -o FILE; then taskgate images load FILE`,
        cause: error,
      });
    });
    return await work(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
