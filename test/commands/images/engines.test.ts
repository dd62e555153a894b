import { readdir, readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { saveImage } from '../../../src/commands/images/engines.ts';
import { CommandError, type Runner } from '../../../src/lib/process/runner.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

type Engine = { readonly has?: boolean; readonly save?: string | { readonly stderr: string } };

/** Engines that are installed, and what they have: `save` is what one writes, or says where it fails. */
const host = async (engines: Readonly<Record<string, Engine>>) => {
  const dir = await temporaryDir();
  const calls: string[] = [];
  const runner: Runner = async (command) => {
    calls.push(
      command
        .join(' ')
        .replace(/images-\w+/, 'images-x')
        .replace(dir, 'DIR'),
    );
    const engine = engines[command[0]];
    if (!engine) throw new CommandError(command, { reason: `spawn ${command[0]} ENOENT` });
    if (command.includes('inspect') && !engine.has)
      throw new CommandError(command, { exitCode: 1, stderr: 'no such image' });
    if (command[1] === 'save') {
      if (typeof engine.save === 'object') throw new CommandError(command, { exitCode: 1, stderr: engine.save.stderr });
      await writeFile(command[3] ?? '', engine.save ?? '');
    }
    return { exitCode: 0, stdout: '', stderr: '' };
  };
  const { signal } = new AbortController();
  const save = (work: (file: string) => Promise<string>) =>
    saveImage('me/a:1', { dir, runner, signal, report: () => undefined }, work);
  return { dir, calls, save };
};

test('the first engine that has it saves it; the file goes when the work is done', async () => {
  const { dir, calls, save } = await host({ docker: {}, podman: { has: true, save: 'tar' } });
  expect(await save((file) => readFile(file, 'utf8'))).toBe('tar');
  expect(calls).toEqual([
    'docker image inspect me/a:1',
    'podman image inspect me/a:1',
    'podman save --output DIR/images-x/image.tar me/a:1',
  ]);
  expect(await readdir(dir)).toEqual([]);
});

test('the file goes when the work fails, too', async () => {
  const { dir, save } = await host({ nerdctl: { has: true } });
  await expect(save(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await readdir(dir)).toEqual([]);
});

test('an image that none has', async () => {
  const { save } = await host({ docker: {} });
  await expect(save(async () => '')).rejects.toMatchObject({
    id: 'artifact.no-image',
    message: 'no docker, podman or nerdctl of this host has the image me/a:1',
    hint: 'where there is a network: docker pull me/a:1 && docker save me/a:1 -o image.tar; then here: taskgate images load image.tar',
  });
});

test('an image that cannot be saved', async () => {
  const { dir, save } = await host({ docker: { has: true, save: { stderr: 'x\nno space left on device\n' } } });
  await expect(save(async () => '')).rejects.toMatchObject({
    id: 'artifact.image-not-saved',
    message: 'docker cannot save me/a:1: no space left on device',
  });
  expect(await readdir(dir)).toEqual([]);
});
