import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createInstance } from '../../src/instance/instance.ts';
import { CommandError, type Runner } from '../../src/lib/process/runner.ts';
import { placeOf } from '../../src/providers/minikube.ts';
import { findMinikube } from '../../src/providers/minikube-program.ts';
import { commandContext } from '../support/context.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

const setUp = async (program?: string) => {
  const home = await temporaryDir();
  const asked: string[] = [];
  const runner: Runner = async (command) => {
    asked.push(command.join(' '));
    throw new CommandError(command, { reason: 'spawn minikube ENOENT' });
  };
  const aborted = AbortSignal.abort(new Error('it is fetched'));
  const folders = { stateDir: join(home, 'state'), cacheDir: join(home, 'cache') };
  const context = { ...commandContext({ folders }), runner, signal: aborted };
  const minikube = { ...placeOf(context, undefined), ...(program && { program }) };
  await createInstance(folders.stateDir, { name: 'dev', provider: 'minikube', minikube });
  return { context, asked };
};

test('the minikube on PATH is taken without a question where nobody wants another', async () => {
  const { context, asked } = await setUp();
  expect(await findMinikube(context)).toBe('minikube');
  expect(asked).toEqual([]);
});

test('an instance that was made with the pinned one stays with it', async () => {
  const { context } = await setUp('/cache/minikube');
  await expect(findMinikube(context)).rejects.toThrow('it is fetched');
});
