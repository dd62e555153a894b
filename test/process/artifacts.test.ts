import { mkdir } from 'node:fs/promises';
import { describe, expect } from 'vitest';
import {
  errorOf,
  expectRefusal,
  fakePrograms,
  filesOf,
  inNamespaces,
  noNamespaces,
  type StartOptions,
  test,
  type User,
} from '../support/process/user.ts';

type Refusal = { readonly id: string; readonly says: RegExp };

/** The command ends with exit 4 and one message, and `down` takes away what it left. */
const expectNone = async (user: User, refusal: Refusal, args: readonly string[], options?: StartOptions) => {
  const ended = await user.run(args, options);
  expectRefusal(ended, { exitCode: 4, ...refusal });
  expect(await user.run(['down', '--purge-cache'])).toMatchObject({ exitCode: 0 });
  expect(filesOf(await user.left())).toEqual([]);
  return ended;
};

/** As the go command says it. */
const fillDisk = `
mkdir -p "$GOMODCACHE"
head -c 1M /dev/zero > "$GOMODCACHE/module" && exec sleep 60
echo "write $GOMODCACHE/module: no space left on device" >&2
exit 1`;

describe.concurrent('a bundle that is none', () => {
  test('an empty folder: exit 4 with its name, and nothing is asked of the network', async ({ user }) => {
    await fakePrograms(user, { go: 'exit 9', 'apt-get': 'exit 9', python3: 'exit 9' });
    const bundle = `${user.work}/empty`;
    await mkdir(bundle);
    const refusal = { id: 'artifact.unavailable', says: /bundle: \/.*\/empty holds no bundle\.json/ };
    const { stderr } = await expectNone(user, refusal, ['up', '--bundle', bundle]);
    expect(stderr).not.toMatch(/release|registry|downloading/);
  });

  test('a folder that is not there', async ({ user }) => {
    const refusal = { id: 'artifact.unavailable', says: /--bundle: there is no folder \/no\/such\/folder / };
    await expectNone(user, refusal, ['up', '--bundle', '/no/such/folder']);
  });

  test.for(['null', '{"schema":1', '{"schema":1,"items":{"etcd":{}}}'])('index %s', async (text, { user }) => {
    await user.write('work/bundle.json', text);
    const refusal = { id: 'artifact.unavailable', says: /\/work\/bundle\.json is damaged/ };
    await expectNone(user, refusal, ['up', '--bundle', user.work]);
  });

  test('a bundle of other versions says what it holds', async ({ user }) => {
    const stamp = { schema: 1, key: 'etcd-v0', source: 'release', files: [], links: [] };
    await user.write('work/bundle.json', JSON.stringify({ schema: 1, items: { 'etcd-v0': stamp } }));
    const refusal = {
      id: 'artifact.unavailable',
      says: /\/work holds no kubernetes-\S+, etcd-\S+, coredns-\S+, .*only etcd-v0/,
    };
    await expectNone(user, refusal, ['up', '--bundle', user.work]);
  });

  test('the way out is a good bundle, not a look at the network', async ({ user }) => {
    const { stderr } = await user.run(['up', '--bundle', user.work]);
    expect(stderr).toMatch(/to fix: .*taskgate prefetch --bundle/);
  });

  test('a file in place of a folder: exit 4, and no bug', async ({ user }) => {
    const file = await user.write('work/bundle.tar', '');
    await expectNone(user, { id: 'artifact.', says: /bundle\.tar/ }, ['up', '--bundle', file]);
  });

  test('an up that ends before a cluster is begun leaves no instance', async ({ user }) => {
    await user.run(['up', '--bundle', user.work]);
    expect(await user.run(['status'])).toMatchObject({
      exitCode: 0,
      stdout: 'no instances yet; make one: npx taskgate up\n',
    });
  });
});

describe.skipIf(noNamespaces)(`${noNamespaces}the cache folder`, { concurrent: true }, () => {
  const readOnlyWith = ({ cache }: User, script: string) =>
    inNamespaces(`mount -t tmpfs tmpfs ${cache} && ${script} && mount -o remount,ro ${cache}`);
  const cannotWrite = {
    id: 'artifact.cache-read-only',
    says: /cannot write to \S+\/cache\/taskgate: .*\nto fix: .*XDG_CACHE_HOME/,
  };

  test.for(['up', 'prefetch'])('read-only and empty, %s: exit 4', async (command, { user }) => {
    const prefix = readOnlyWith(user, `mkdir ${user.cache}/taskgate`);
    await expectNone(user, cannotWrite, [command], { prefix });
  });

  // mkdir with `recursive` tells of a read-only file system as ENOENT
  test('read-only without a folder of ours in it: exit 4, and no bug', async ({ user }) => {
    await expectNone(user, cannotWrite, ['up'], { prefix: readOnlyWith(user, 'true') });
  });

  test('a file in its place: exit 4, and no bug', async ({ user }) => {
    const file = await user.write('file', '');
    const ended = await user.run(['up'], { prefix: inNamespaces(''), env: { XDG_CACHE_HOME: file } });
    expect(errorOf(ended)).toMatch(/^taskgate: .*\/file\b.*\nto fix: .*XDG_CACHE_HOME/);
    expect(ended.exitCode).toBe(4);
  });

  test.for([
    ['bytes', 'size=64k'],
    ['files', 'nr_inodes=3'],
  ])('out of %s: exit 4, one message with what to free', async ([, option], { user }) => {
    await fakePrograms(user, { go: fillDisk });
    const prefix = inNamespaces(`mount -t tmpfs -o ${option} tmpfs ${user.cache}`);
    const says =
      /no space left on the disk of \S+\/cache\/taskgate .*\nto fix: free about \d+ GB there, .*XDG_CACHE_HOME/;
    await expectNone(user, { id: 'artifact.disk-full', says }, ['up'], { prefix });
  });

  test('remembered digests that are damaged: exit 4, and no bug', async ({ user }) => {
    await user.write('cache/taskgate/digests.json', '{');
    const refusal = { id: 'artifact.', says: /digests\.json/ };
    await expectNone(user, refusal, ['up'], { prefix: inNamespaces('') });
  });

  test('no network, and no programs that bring anything: exit 4 with each reason', async ({ user }) => {
    await fakePrograms(user, { go: 'echo "dial tcp: lookup proxy.example: no such host" >&2; exit 1' });
    const says = /cannot get \S+ v\S+: release: \S+ cannot be reached.*; go: the Go proxy/;
    await expectNone(user, { id: 'artifact.go-proxy-unreachable', says }, ['up'], { prefix: inNamespaces('') });
  });
});
