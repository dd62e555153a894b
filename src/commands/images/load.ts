import { isAbsolute, join } from 'node:path';
import { fullNameOf } from '../../cluster/images/reference.ts';
import { removeScratch } from '../../cluster/images/scratch.ts';
import type { ImageStore } from '../../cluster/images/store.ts';
import { withImagesLock, withInstanceLock } from '../../instance/lock.ts';
import { UserError } from '../../lib/errors.ts';
import { isThere } from '../../lib/files.ts';
import type { Report } from '../../lib/progress.ts';
import { findProvider } from '../../providers/choose.ts';
import type { CommandContext } from '../../providers/context.ts';
import { makeResults } from '../../task-list/results.ts';
import { runAndShow } from '../../task-list/run-and-show.ts';
import { stepsOf } from '../../task-list/step.ts';
import { type CommandInput, displayKind, print, printJson, printNote, readMade } from '../command.ts';
import { stageTimeoutMs } from '../context.ts';
import { getInstance } from '../open-instance.ts';
import { asRoot } from '../sudo.ts';
import { saveImage } from './engines.ts';
import { type LoadedImage, loadArchive } from './load-archive.ts';
import { getStore } from './open-store.ts';
import { makeTurns, type Turns } from './turns.ts';

export type LoadFlags = { readonly as?: string };

/** What the user named: a file by its whole path, or an image as it was written, since engines have short names of their own. */
type Named = { readonly what: string; readonly isFile: boolean };

const looksLikeFile = /^[./~]|\.(tar|tgz|gz|zst|tzst)$/;

const checked = (word: string): string => {
  fullNameOf(word);
  return word;
};

/** A word that is the path of something is that, whatever image may have the name. Throws UserError `usage.image-name`. */
const understand = async (word: string, cwd: string): Promise<Named> => {
  const path = isAbsolute(word) ? word : join(cwd, word);
  if (await isThere(path)) return { what: path, isFile: true };
  if (!looksLikeFile.test(word)) return { what: checked(word), isFile: false };
  throw new UserError(`there is no file ${path}`, {
    id: 'usage.no-file',
    hint: 'give the path of an archive of images, or the name of an image',
  });
};

type LoadContext = CommandContext & { readonly named: readonly Named[]; readonly as?: string };

type Target = { readonly dir: string; readonly store: ImageStore; readonly inTurn: Turns };

type Tools = { readonly signal: AbortSignal; readonly report: Report };

const loadOne = async (
  { what, isFile }: Named,
  context: LoadContext,
  { dir, store, inTurn, signal, report }: Target & Tools,
): Promise<readonly LoadedImage[]> => {
  const { as, runner } = context;
  const limits = { signal, report, inTurn, stallMs: stageTimeoutMs(context), ...(as !== undefined && { as }) };
  if (isFile) return loadArchive(store, { file: what, ...limits });
  return saveImage(what, { dir, runner, signal, report, stallMs: limits.stallMs }, (file) =>
    loadArchive(store, { file, ...limits, as: as ?? fullNameOf(what) }),
  );
};

/** The lock of images is this process's: what lies in the folder was left by one that was killed. */
const openTarget = async (context: LoadContext): Promise<Target> => {
  const instance = await getInstance(context);
  const store = await getStore(context, instance, context.named);
  await removeScratch(instance.dir);
  return { dir: instance.dir, store, inTurn: makeTurns() };
};

/** Side by side; where one fails, the others are loaded all the same. */
const loadImages = stepsOf<LoadContext>()({
  title: 'Load images',
  run: async (_, context, tools): Promise<readonly LoadedImage[]> => {
    const { signal, report } = tools;
    const target = { ...(await openTarget(context)), signal, report };
    const ended = await Promise.allSettled(context.named.map((one) => loadOne(one, context, target)));
    tools.signal.throwIfAborted();
    const failed = ended.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    const [first, ...others] = failed;
    for (const other of others)
      tools.warn(other instanceof UserError ? `${other.message} [${other.id}]` : String(other));
    if (first !== undefined) throw first;
    return ended.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
  },
});

const load = async (input: CommandInput, context: LoadContext): Promise<void> => {
  const results = makeResults();
  const notes: string[] = [];
  const onWarning = (text: string) => notes.push(text);
  try {
    const options = { kind: displayKind(input.invocation), signal: context.signal, results, onWarning };
    await runAndShow([loadImages], context, options);
  } finally {
    for (const note of notes) printNote(note, 'warning');
  }
  const images = results.get(loadImages);
  if (input.flags.json) return printJson({ instance: context.config.name, images });
  print(images.map(({ name, outcome }) => `${name}: ${outcome}`).join('\n'));
};

/**
 * Loads images into the nodes of an instance. Waits while another process does that. Gives the exit code. Throws
 * UserError `usage.no-file` and `usage.image-name` before anything is loaded, `environment.locked` where the instance is being changed, and what {@link loadArchive} throws. Tested in test/commands/images/load.test.ts.
 */
export const imagesLoad = async (input: CommandInput, what: readonly string[], { as }: LoadFlags): Promise<number> => {
  const { context } = await readMade(input);
  if (as !== undefined && what.length > 1)
    throw new UserError('--as names one image', {
      id: 'usage.image-name',
      hint: 'load the others by commands of their own',
    });
  const fullName = as === undefined ? undefined : fullNameOf(as);
  const named = await Promise.all(what.map((word) => understand(word, input.invocation.cwd)));
  await getInstance(context);
  const provider = (await findProvider(context)) ?? 'native';
  const loading = () => load(input, { ...context, named, ...(fullName !== undefined && { as: fullName }) });
  const onWait = (pid: number) =>
    printNote(`process ${pid} loads images into instance ${context.config.name}: this one waits until it has ended`);
  const work = () => withImagesLock(context, () => withInstanceLock(context, loading, printNote), onWait);
  return asRoot(input.invocation, { provider, work });
};
