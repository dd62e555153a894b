import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { openImageArchive } from '../../../../src/cluster/images/archive.ts';
import { listNodeImages, loadIntoNode, type NodeAccess } from '../../../../src/cluster/native/images/load.ts';
import { CommandError, execaRunner, type Runner } from '../../../../src/lib/process/runner.ts';
import { dockerArchive, fileOf, hostPlatform } from '../../../support/images/archives.ts';
import { temporaryDir } from '../../../support/temporary-dir.ts';

const openArchive = async (size = 1_000) => {
  const dir = await temporaryDir();
  const { tar } = await dockerArchive({ name: 'a:1', content: Buffer.alloc(size, 1) });
  const path = await fileOf(dir, 'a.tar', tar);
  const archive = await openImageArchive(path, `linux/${hostPlatform.architecture}`, new AbortController().signal);
  return { dir, path, archive };
};

const nodeOf = (runner: Runner, nodeDir: string): NodeAccess => ({
  ...{ ctr: '/bin/ctr', nodePid: 42, snapshotter: 'native', nodeDir, runner },
});

type Limits = Partial<Parameters<typeof loadIntoNode>[2]>;

const load = async (runner: Runner, limits: Limits = {}, size?: number) => {
  const { archive, dir, path } = await openArchive(size);
  const all = { signal: new AbortController().signal, stallMs: 5_000, onBytes: () => undefined, before: [], ...limits };
  return { path, dir, loading: loadIntoNode(archive, nodeOf(runner, dir), all) };
};

const failing =
  (stderr: string): Runner =>
  async (command) => {
    throw new CommandError(command, { exitCode: 1, stderr });
  };

/** ctr's own words: containerd 1.6.20, seen with a full tmpfs, and archives with changed or missing layers. */
test.each([
  [
    'ctr: failed to copy: failed to send write: write /data/ingest/1/data: no space left on device: unknown',
    'cluster.image-space',
    /no space left on the node for \S+a\.tar: it has 0 MB, and is kept twice, packed and unpacked; \d.* are free below/,
  ],
  [
    'ctr: wrong diff id calculated on extraction "sha256:ab"',
    'artifact.image-archive',
    /a layer in it is damaged or missing \(ctr: wrong diff id/,
  ],
  ['ctr: content digest sha256:ab: not found', 'artifact.image-archive', /a layer in it is damaged or missing/],
  [
    'ctr: failed to dial "/x": connection refused',
    'cluster.images-missing',
    /the node cannot take \S+: ctr: failed to dial/,
  ],
])('%s: %s', async (stderr, id, message) => {
  const { loading } = await load(failing(`unpacking ...\n${stderr}\n`));
  await expect(loading).rejects.toMatchObject({ id, message: expect.stringMatching(message) });
});

test('what a failed load has named is named as it was: ctr names images before it finds their layers damaged', async () => {
  const calls: string[] = [];
  const runner: Runner = async (command) => {
    calls.push(
      command
        .slice(command.indexOf('k8s.io') + 1)
        .join(' ')
        .replace(/taskgate-[\w-]+/, 'LEASE'),
    );
    throw new CommandError(command, { exitCode: 1, stderr: 'ctr: wrong diff id calculated on extraction' });
  };
  const { archive, dir } = await openArchive();
  const [image] = archive.images;
  const both = { ...archive, images: [{ ...archive.images[0], names: ['x/old:1', 'x/new:1'] }] } as typeof archive;
  const before = [{ name: 'x/old:1', id: 'sha256:old', bytes: 1 }];
  const limits = { signal: new AbortController().signal, stallMs: 5_000, onBytes: () => undefined, before };
  await expect(loadIntoNode(both, nodeOf(runner, dir), limits)).rejects.toMatchObject({ id: 'artifact.image-archive' });
  expect(calls.slice(1)).toEqual([
    'images tag --force sha256:old x/old:1',
    'images remove x/new:1',
    `images remove ${image?.id}`,
    'leases create --id LEASE --expires 1m',
    'leases delete --sync LEASE',
  ]);
});

test('the archive goes to the stdin of ctr, into the namespace of kubelet, with the snapshotter of the node', async () => {
  let seen: readonly string[] = [];
  let bytes = 0;
  const runner: Runner = async (command, { input = '' } = {}) => {
    seen = command;
    if (typeof input !== 'string') for await (const chunk of input) bytes += chunk.length;
    return { exitCode: 0, stdout: '', stderr: '' };
  };
  const counts: number[] = [];
  const { loading } = await load(runner, { onBytes: (count) => counts.push(count) }, 3 * 2 ** 20);
  await loading;
  expect(seen.slice(0, 3)).toEqual(['/bin/sh', '-c', 'trap "" INT HUP; exec "$@"']);
  expect(seen.slice(4).join(' ')).toBe(
    '/bin/ctr --address /proc/42/root/run/containerd/containerd.sock --connect-timeout 2s --namespace k8s.io images import --snapshotter native -',
  );
  expect(bytes).toBeGreaterThan(3 * 2 ** 20);
  expect(counts).toEqual(counts.toSorted((a, b) => a - b));
});

/** The real command's place, with a program that reads as ctr does: what it says when its input ends is what it saw. */
const withShell =
  (script: string): Runner =>
  (command, options) =>
    execaRunner([...command.slice(0, 4), '/bin/sh', '-c', script] as unknown as typeof command, options);

test('interrupted, ctr is not signalled: it sees the end of its input, and has time to tidy up', async () => {
  const dir = await temporaryDir();
  const controller = new AbortController();
  const script = `head -c 1000 >/dev/null; sleep 0.5; cat >/dev/null; echo tidy > ${dir}/tidied; exit 1`;
  const { loading } = await load(withShell(script), { signal: controller.signal }, 8 * 2 ** 20);
  await pause(100);
  controller.abort(new Error('interrupted'));
  await expect(loading).rejects.toThrow('interrupted');
  expect((await execaRunner(['cat', `${dir}/tidied`])).stdout).toBe('tidy');
});

test('a node that takes nothing any more is given up', async () => {
  const { loading } = await load(
    withShell('head -c 1000 >/dev/null; sleep 1; cat >/dev/null; exit 1'),
    { stallMs: 200 },
    8 * 2 ** 20,
  );
  await expect(loading).rejects.toMatchObject({
    id: 'cluster.images-missing',
    message: expect.stringMatching(/the node took nothing of \S+a\.tar for 0\.2 s/),
    hint: expect.stringContaining('--timeouts-stage-seconds'),
  });
});

test('a node that unpacks longer than it may take nothing is not given up: an archive of some size has more time', async () => {
  // 8 MB: four seconds more
  const script = 'cat >/dev/null; sleep 1; echo "ctr: wrong diff id" >&2; exit 1';
  const { loading } = await load(withShell(script), { stallMs: 300 }, 8 * 2 ** 20);
  await expect(loading).rejects.toMatchObject({ message: expect.stringContaining('damaged or missing (ctr: wrong') });
});

test('a node that never ends to unpack is given up', async () => {
  const { loading } = await load(withShell('cat >/dev/null; sleep 1.5; exit 1'), { stallMs: 300 });
  await expect(loading).rejects.toMatchObject({
    id: 'cluster.images-missing',
    message: expect.stringMatching(/the node has not unpacked \S+a\.tar within 0\.3\d* s/),
    hint: expect.stringContaining('--timeouts-stage-seconds'),
  });
});

test('containerd that does not list', async () => {
  const limits = { signal: new AbortController().signal, timeoutMs: 1_000 };
  await expect(listNodeImages(nodeOf(failing('ctr: deadline exceeded'), '/'), limits)).rejects.toMatchObject({
    id: 'cluster.containerd',
    message: "the node's containerd does not list its images: ctr: deadline exceeded",
  });
});
