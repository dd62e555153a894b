import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { named, openImageArchive } from '../../../../src/cluster/images/archive.ts';
import { parseListed, profileStore } from '../../../../src/cluster/minikube/images/profile-store.ts';
import { CommandError, type Runner } from '../../../../src/lib/process/runner.ts';
import { dockerArchive, fileOf, hostPlatform } from '../../../support/images/archives.ts';
import { temporaryDir } from '../../../support/temporary-dir.ts';

const platform = `linux/${hostPlatform.architecture}`;
const { signal } = new AbortController();
const limits = { signal, stallMs: 1_000, onBytes: () => undefined, before: [] };

const openArchive = async (dir: string) => {
  const { tar, ids } = await dockerArchive({});
  const archive = await openImageArchive(await fileOf(dir, 'a.tar', tar), platform, signal);
  return { archive: named(archive, 'docker.io/me/a:1'), id: ids[0] ?? '' };
};

/** A minikube that lists these images, and keeps what names are in the archives that it is given. */
const fakeMinikube = (instanceDir: string, listed: () => string | CommandError) => {
  const calls: string[] = [];
  const loaded: unknown[] = [];
  const deadlines: (number | undefined)[] = [];
  const runner: Runner = async (command, options) => {
    const args = command.slice(2);
    calls.push(args.slice(0, 3).join(' '));
    if (args[1] === 'load') {
      deadlines.push(options?.timeoutMs);
      const { images } = await openImageArchive(args[3] ?? '', platform, signal);
      loaded.push(images.map(({ names }) => names));
      return { exitCode: 0, stdout: '', stderr: '' };
    }
    const answer = listed();
    if (answer instanceof CommandError) throw answer;
    return { exitCode: 0, stdout: answer, stderr: '' };
  };
  return { calls, loaded, deadlines, store: profileStore({ program: 'minikube', instanceDir, runner }, 'p') };
};

test('images of `minikube image ls`: each name with id, digest and size', () => {
  const [one, two] = ['a', 'b'].map((digit) => digit.repeat(64));
  const listed = [
    {
      id: `sha256:${one}`,
      repoTags: ['docker.io/a:1', 'docker.io/a:2'],
      repoDigests: [`docker.io/a@sha256:${two}`],
      size: '2000',
    },
    { id: two, repoTags: ['x:1'], repoDigests: null, size: 'many' },
    { id: 7, repoTags: ['y:1'] },
    { id: one, repoTags: null },
  ];
  const first = { id: `sha256:${one}`, digest: `sha256:${two}`, bytes: 2_000 };
  expect(parseListed(JSON.stringify(listed))).toEqual([
    { name: 'docker.io/a:1', ...first },
    { name: 'docker.io/a:2', ...first },
    { name: 'x:1', id: `sha256:${two}`, bytes: 0 },
  ]);
  expect(parseListed('minikube: no')).toEqual([]);
});

test('minikube gets a plain archive under the full names, which goes afterwards', async () => {
  const dir = await temporaryDir();
  const { archive, id } = await openArchive(dir);
  const { store, calls, loaded } = fakeMinikube(dir, () =>
    JSON.stringify([{ id, repoTags: ['docker.io/me/a:1'], size: '1' }]),
  );
  await store.load(archive, limits);
  expect(loaded).toEqual([[['docker.io/me/a:1']]]);
  expect(calls).toEqual(['image load --profile=p', 'image ls --profile=p']);
  expect((await readdir(dir)).filter((name) => name.startsWith('images-'))).toEqual([]);
  expect(await readFile(join(dir, 'logs', 'minikube.log'), 'utf8')).toContain('image load');
});

/** It copies the archive into the node, and then has it unpacked, without a word of either. */
test('a large archive has more time than a stage', async () => {
  const dir = await temporaryDir();
  const { tar, ids } = await dockerArchive({ name: 'me/a:1', content: Buffer.alloc(4e6, 1) });
  const archive = named(await openImageArchive(await fileOf(dir, 'b.tar', tar), platform, signal), undefined);
  const { store, deadlines } = fakeMinikube(dir, () =>
    JSON.stringify([{ id: ids[0], repoTags: ['docker.io/me/a:1'], size: '1' }]),
  );
  await store.load(archive, limits);
  expect(deadlines).toEqual([expect.toSatisfy((ms: number) => ms > 3_000 && ms < 3_100)]);
});

/** It says so, and exits with 0, where a load failed, or where a pod uses the image that had the name. */
test('what is not there afterwards, or is another image, was not loaded', async () => {
  const dir = await temporaryDir();
  const { archive } = await openArchive(dir);
  const { store } = fakeMinikube(dir, () => JSON.stringify([{ id: 'sha256:old', repoTags: ['docker.io/me/a:1'] }]));
  await expect(store.load(archive, limits)).rejects.toMatchObject({
    id: 'cluster.images-missing',
    message: expect.stringMatching(/^Minikube's node does not list docker\.io\/me\/a:1 after \S+a\.tar was loaded$/),
  });
  expect((await readdir(dir)).filter((name) => name.startsWith('images-'))).toEqual([]);
});

test('a profile that does not run', async () => {
  const dir = await temporaryDir();
  const stopped = new CommandError(['minikube'], { exitCode: 50, stderr: 'X\nhost is not running' });
  const { store } = fakeMinikube(dir, () => stopped);
  await expect(store.list({ signal, timeoutMs: 1_000 })).rejects.toMatchObject({
    id: 'cluster.stopped',
    message: 'minikube does not list the images of p: host is not running',
  });
});
