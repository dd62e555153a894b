import { readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { saveImage } from '../../../src/commands/images/engines.ts';
import { type Command, CommandError, execaRunner, type Runner } from '../../../src/lib/process/runner.ts';
import type { Progress } from '../../../src/lib/progress.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

type Engine = { readonly has?: boolean; readonly save?: string | { readonly stderr: string } };

/** Engines that are installed, and what they have: `save` is what one writes, or says where it fails. */
const host = async (engines: Readonly<Record<string, Engine>>) => {
  const dir = await temporaryDir();
  const calls: string[] = [];
  const runner: Runner = async (tied) => {
    // a save is tied to taskgate by setpriv and a shell
    const command = tied.slice(tied.indexOf('tether') + 1) as unknown as Command;
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
    saveImage('me/a:1', { dir, runner, signal, stallMs: 5_000, report: () => undefined }, work);
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

/** An engine that is a script: `$1` is the folder. */
const scripted =
  (script: string): Runner =>
  (command, options) => {
    if (command.includes('inspect')) return Promise.resolve({ exitCode: 0, stdout: '', stderr: '' });
    const before = command.slice(0, command.indexOf('docker'));
    const folder = dirname(command.at(-2) ?? '');
    return execaRunner([...before, '/bin/sh', '-c', script, 'docker', folder] as unknown as Command, options);
  };

const saveBy = async (script: string, stallMs: number) => {
  const dir = await temporaryDir();
  const reports: (string | Progress)[] = [];
  const { signal } = new AbortController();
  const input = {
    dir,
    runner: scripted(script),
    signal,
    stallMs,
    report: (what: string | Progress) => reports.push(what),
  };
  return { dir, reports, saving: saveImage('me/a:1', input, async (file) => readFile(file, 'utf8')) };
};

test('an engine that writes nothing any more is given up, and what it wrote goes', async () => {
  const { dir, saving } = await saveBy('echo part > "$1/.tmp"; exec sleep 20', 400);
  await expect(saving).rejects.toMatchObject({
    id: 'artifact.image-not-saved',
    message: 'docker has written nothing of me/a:1 for 0.4 s',
    hint: expect.stringContaining('--timeouts-stage-seconds'),
  });
  expect(await readdir(dir)).toEqual([]);
});

test('one that takes longer, and writes, is not; docker writes into another file first', async () => {
  const script = 'for i in 1 2 3 4 5 6 7 8; do echo part >> "$1/.tmp"; sleep 0.15; done; mv "$1/.tmp" "$1/image.tar"';
  const { reports, saving } = await saveBy(script, 600);
  expect(await saving).toBe('part\n'.repeat(8));
  expect(reports).toContainEqual({
    ...{ name: 'me/a:1', state: 'being saved by docker', phase: 'working' },
    detail: expect.stringMatching(/ MB$/),
  });
});

test('an engine is killed with taskgate', async () => {
  let seen: readonly string[] = [];
  const runner: Runner = async (command) => {
    seen = command;
    return { exitCode: 0, stdout: '', stderr: '' };
  };
  const dir = await temporaryDir();
  const input = { dir, runner, signal: new AbortController().signal, stallMs: 1_000, report: () => undefined };
  await saveImage('me/a:1', input, async () => '');
  expect(seen.join(' ')).toMatch(/--pdeathsig KILL .* docker save --output \S+ me\/a:1$/);
});
