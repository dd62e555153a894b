import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { polling, waitUntil } from '../../src/lib/wait.ts';
import { agnhostImage, runPodOf } from '../support/e2e/task-image.ts';
import { ending, makeTaskgate, type Taskgate } from '../support/e2e/taskgate.ts';
import { dockerArchive, fileOf, ociArchive } from '../support/images/archives.ts';

let taskgate: Taskgate;
let dir: string;

const images = (...args: readonly string[]) => taskgate.run('images', ...args, '--name', 'pictures');

type Listed = { readonly name: string; readonly id: string; readonly isOwn: boolean };

const listed = async (): Promise<readonly Listed[]> => {
  const ended = await images('list', '--json');
  expect(ending(ended)).toBe('exit 0');
  return JSON.parse(ended.stdout).nodes[0].images;
};

beforeAll(async () => {
  taskgate = await makeTaskgate();
  dir = taskgate.stateHome;
  expect(ending(await taskgate.run('up', '--name', 'pictures'))).toBe('exit 0');
});
afterAll(() => taskgate.close('pictures'));

test('before, only images of taskgate are listed', async () => {
  expect((await listed()).map(({ isOwn }) => isOwn)).toEqual([true, true, true, true]);
  const { stdout } = await images('list');
  expect(stdout).toMatch(/^taskgate-pictures, by the node's containerd:\n/);
  expect(stdout).toMatch(/ MB {2}[0-9a-f]{12} {2}registry\.k8s\.io\/pause:\S+ {2}\(of taskgate\)$/m);
});

test('an archive is loaded under its full name, and a pod runs of it that may not pull', async () => {
  const { tar, ids } = await agnhostImage(taskgate, 'tiny:1');
  const file = await fileOf(dir, 'tiny.tar', tar);
  const ended = await images('load', file, '--json');
  expect(ending(ended)).toBe('exit 0');
  const image = { name: 'docker.io/library/tiny:1', id: ids[0] };
  expect(JSON.parse(ended.stdout)).toEqual({ instance: 'pictures', images: [{ ...image, outcome: 'loaded' }] });
  expect(await listed()).toContainEqual(expect.objectContaining({ ...image, isOwn: false }));

  await runPodOf(await taskgate.kube('pictures'), 'tiny:1');

  const again = await images('load', file, '--json');
  expect(JSON.parse(again.stdout).images).toEqual([{ ...image, outcome: 'already there' }]);
});

test('an OCI layout packed by gzip, without a name, several at once and twice at the same time', async () => {
  const [first, second] = [await ociArchive({}), await ociArchive({ name: 'ghcr.io/a/b:2' })];
  const [one, two] = [await fileOf(dir, 'one.tar', first.tar), await fileOf(dir, 'two.tar', second.tar)];
  await execa('gzip', ['-k', one]);
  expect(await images('load', one)).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('[usage.image-name]'),
  });
  const ended = await Promise.all([
    images('load', `${one}.gz`, '--as', 'named:1'),
    images('load', two, join(dir, 'tiny.tar')),
    images('load', two),
  ]);
  for (const each of ended) expect(ending(each)).toBe('exit 0');
  const names = (await listed()).map(({ name, id }) => [name, id]);
  expect(names).toContainEqual(['docker.io/library/named:1', first.ids[0]]);
  expect(names).toContainEqual(['ghcr.io/a/b:2', second.ids[0]]);
});

test('a damaged layer is told, and what had its name before has it again', async () => {
  const good = await ociArchive({ name: 'x/kept:1', content: Buffer.alloc(100_000, 1) });
  const bad = await dockerArchive({ name: 'x/kept:1', content: Buffer.alloc(100_000, 2) });
  bad.tar.fill(3, 50_000, 50_100);
  expect(ending(await images('load', await fileOf(dir, 'good.tar', good.tar)))).toBe('exit 0');
  const before = await listed();
  const ended = await images('load', await fileOf(dir, 'bad.tar', bad.tar));
  expect(ended).toMatchObject({
    exitCode: 4,
    stderr: expect.stringMatching(
      /a layer in it is damaged or missing .*wrong diff id[\s\S]*\[artifact\.image-archive\]/,
    ),
  });
  expect(await listed()).toEqual(before);
});

test.each([
  ['SIGINT', 130],
  ['SIGKILL', undefined],
] as const)('ended by %s, it leaves nothing in the node', async (signal, code) => {
  const { tar } = await dockerArchive({ name: 'x/big:1', content: Buffer.alloc(400 * 2 ** 20, 5) });
  const file = await fileOf(dir, 'big.tar', tar);
  const loading = taskgate.start('images', 'load', file, '--name', 'pictures');
  loading.stderr.on('data', (text) => String(text).includes(': loading') && loading.kill(signal));
  const { exitCode, stderr } = await loading;
  expect(exitCode, stderr).toBe(code);
  const content = join(taskgate.dirOf('pictures'), 'node', 'containerd', 'io.containerd.content.v1.content');
  // ctr sees the end of its input, and gives up what it has begun; containerd tidies up then
  const look = polling(() => readdir(join(content, 'ingest')), 100);
  const isEmpty = (found: readonly string[]) => found.length === 0 || found.join(', ');
  await waitUntil('an end of what was begun', look, isEmpty, { timeoutMs: 30_000, id: 'proof.test' });
  expect((await listed()).map(({ name }) => name)).not.toContain('docker.io/x/big:1');
});
