import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { importImages } from '../../../src/cluster/native/images.ts';
import { CommandError, type Runner } from '../../../src/lib/process/runner.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

const refs = ['registry.k8s.io/pause:3.10', 'a/b:1'];
type Answer = string | { readonly stderr: string } | 'hangs';

/** A `ctr` with an answer for each call in turn; the last one stays. */
const fakeCtr = (answers: { readonly list: readonly Answer[]; readonly import?: Answer }) => {
  const calls: string[] = [];
  let lists = 0;
  const deadlines: (number | undefined)[] = [];
  const runner: Runner = async (command, { signal, timeoutMs } = {}) => {
    const line = command.slice(command.indexOf('images')).join(' ');
    calls.push(line);
    if (line.startsWith('images import')) deadlines.push(timeoutMs);
    const isList = line.startsWith('images list');
    const answer = isList ? answers.list[Math.min(lists++, answers.list.length - 1)] : (answers.import ?? '');
    if (answer === 'hangs') await pause(60_000, undefined, { signal });
    if (typeof answer === 'string') return { exitCode: 0, stdout: answer, stderr: '' };
    throw new CommandError(command, { exitCode: 1, stderr: answer?.stderr ?? '' });
  };
  return { runner, calls, deadlines };
};

const load = (runner: Runner, timeoutMs = 5_000, archive = '/cache/images.tar') =>
  importImages({
    ...{ ctr: '/bin/ctr', archive, refs, snapshotter: 'overlayfs', runner, timeoutMs },
    signal: new AbortController().signal,
    findNodePid: async () => 42,
  });

const all = `${refs.join('\n')}\n`;

test('images that are there are not imported again', async () => {
  const { runner, calls } = fakeCtr({ list: [all] });
  await load(runner);
  expect(calls).toEqual(['images list --quiet']);
});

test('they are imported once containerd answers, and unpacked by the snapshotter of the node', async () => {
  const { runner, calls } = fakeCtr({ list: [{ stderr: 'connection refused' }, '', all] });
  await load(runner);
  expect(calls.slice(-2)).toEqual(['images import --snapshotter overlayfs /cache/images.tar', 'images list --quiet']);
});

test('a large archive has more time than a stage', async () => {
  const archive = join(await temporaryDir(), 'images.tar');
  await writeFile(archive, '');
  await truncate(archive, 700e6);
  const { runner, deadlines } = fakeCtr({ list: ['', all] });
  await load(runner, 5_000, archive);
  expect(deadlines).toEqual([355_000]);
});

test('a list that comes late after the import is waited for: no answer is not an empty list', async () => {
  const { runner, calls } = fakeCtr({ list: ['', { stderr: 'deadline exceeded' }, { stderr: 'busy' }, all] });
  await load(runner);
  expect(calls).toHaveLength(5);
});

test.each([
  ['hangs' as const, /^containerd after the import not ready after 0s/],
  [
    { stderr: 'x\nconnection refused' },
    /^containerd after the import not ready after 0s: no answer: connection refused/,
  ],
])('without an answer until the deadline (%j) it says so, and not that images are missing', async (answer, message) => {
  const { runner } = fakeCtr({ list: ['', answer] });
  await expect(load(runner, 300)).rejects.toMatchObject({
    id: 'cluster.containerd',
    message: expect.stringMatching(message),
    hint: expect.stringContaining('logs/containerd.log'),
  });
});

test('an image that is not listed afterwards is named', async () => {
  const { runner } = fakeCtr({ list: ['', 'a/b:1'] });
  await expect(load(runner)).rejects.toMatchObject({
    id: 'cluster.images-missing',
    message: 'containerd does not list registry.k8s.io/pause:3.10 after the import of /cache/images.tar',
  });
});

test('an import that fails is an error with its words', async () => {
  const { runner } = fakeCtr({ list: [''], import: { stderr: 'ctr: write: no space left on device' } });
  await expect(load(runner)).rejects.toMatchObject({
    id: 'cluster.images-missing',
    message: 'containerd cannot import /cache/images.tar: ctr: write: no space left on device',
    hint: expect.stringContaining('disk'),
  });
});
