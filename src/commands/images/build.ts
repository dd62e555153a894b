import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ensureTaskImage, type TaskImage } from '../../artifacts/artifacts.ts';
import { artifactsInput } from '../../providers/artifacts-input.ts';
import type { CommandContext } from '../../providers/context.ts';
import { makeResults } from '../../task-list/results.ts';
import { runAndShow } from '../../task-list/run-and-show.ts';
import { stepsOf } from '../../task-list/step.ts';
import { asTyped } from '../as-typed.ts';
import { type CommandInput, displayKind, print, printJson, readConfig } from '../command.ts';
import { copyToFileOf, verifyFilesOf, verifyFolderOf } from '../named-file.ts';

export type BuildOptions = { readonly output?: string };

type BuildContext = CommandContext & { readonly output?: string };

type Built = TaskImage & { readonly bytes: number };

const buildStep = stepsOf<BuildContext>();

const assemble = buildStep({
  title: 'Assemble the task image',
  run: async (_, context, { signal, report, note }): Promise<Built> => {
    const image = await ensureTaskImage(artifactsInput(context, signal, report), context.config);
    if (context.output !== undefined) await copyToFileOf(image.archive, context.output, context.env);
    const archive = context.output ?? image.archive;
    const { size: bytes } = await stat(image.archive);
    note(`${image.ref}, ${Math.round(bytes / 1e6)} MB`);
    return { ref: image.ref, archive, bytes };
  },
});

const describe = ({ ref, archive, bytes }: Built, withJupyterlab: boolean): string =>
  [
    `${ref}: ${Math.round(bytes / 1e6)} MB`,
    `  ${archive}`,
    '      an OCI archive, which also docker load and ctr image import read',
    `  taskgate up --small-task-image${withJupyterlab ? ' --with-jupyterlab' : ''}`,
    '      loads it into the nodes, and gives it to tasks that name no image',
  ].join('\n');

/** Assembles the small task image into the cache, unless it is there. Throws UserErrors `artifact.*` and `usage.output`. Tested in test/e2e/task-image.test.ts. */
export const buildTaskImage = async (input: CommandInput, { output }: BuildOptions): Promise<void> => {
  const { invocation, flags } = input;
  const { context } = await readConfig(input, { isKept: false });
  const results = makeResults();
  const options = { kind: displayKind(invocation), signal: context.signal, results };
  const file = output === undefined ? undefined : resolve(invocation.cwd, output);
  if (file !== undefined) await verifyFolderOf(file);
  await verifyFilesOf([file], invocation.env);
  await runAndShow([assemble], { ...context, ...(file !== undefined && { output: file }) }, options);
  const built = results.get(assemble);
  if (flags.json) printJson(built);
  else print(asTyped(describe(built, context.config.withJupyterlab), invocation.env));
};
