import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { keysOfPins } from '../../../src/artifacts/keys.ts';
import { cacheList, cachePrune } from '../../../src/commands/cache/cache.ts';
import { instancePaths } from '../../../src/instance/paths.ts';
import { artifactsInput } from '../../../src/providers/artifacts-input.ts';
import { makeUser, watchStdout } from '../../support/command-input.ts';
import { commandContext } from '../../support/context.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

const withCache = async () => {
  const user = await makeUser();
  const { cacheDir, stateDir } = user;
  const context = commandContext({ folders: { stateDir, cacheDir } });
  const [needed = ''] = await keysOfPins(artifactsInput(context, context.signal, () => undefined));
  for (const path of [`items/${needed}/bin`, 'items/etcd-v0-amd64/etcd', 'items/etcd-v1-amd64/etcd', 'go/build/x']) {
    await mkdir(dirname(join(cacheDir, path)), { recursive: true });
    await writeFile(join(cacheDir, path), Buffer.alloc(2_000_000));
  }
  const { dir } = await user.begin('dev');
  const command = [join(cacheDir, 'items/etcd-v1-amd64/etcd'), '--data-dir=/x'];
  await writeFile(instancePaths(dir).supervisorSpecPath, JSON.stringify({ children: [{ name: 'etcd', command }] }));
  return { ...user, needed };
};

test('the list says the size of each group, and which an instance uses', async () => {
  const { input, cacheDir } = await withCache();
  const written = watchStdout();
  await cacheList(input());
  expect(written()).toBe(`${cacheDir}: 8 MB
  items          2 MB  programs and images of this version
  in use         2 MB  of other versions, and an instance runs from them
  old            2 MB  of other versions; \`taskgate cache prune\` removes them
  builds         2 MB  left by a build, which goes on with it; \`taskgate cache prune\` removes it
`);
});

test('pruning leaves what this version needs and what an instance runs from', async () => {
  const { input, cacheDir, needed } = await withCache();
  const written = watchStdout();
  await cachePrune(input({}, true));
  expect(JSON.parse(written())).toMatchObject({
    dir: cacheDir,
    removed: [{ kind: 'build' }, { kind: 'item', key: 'etcd-v0-amd64' }],
  });
  expect((await readdir(join(cacheDir, 'items'))).toSorted()).toEqual(['etcd-v1-amd64', needed].toSorted());
});

test('an item that a process of another state folder runs from stays', async () => {
  const { input, cacheDir } = await withCache();
  const program = join(cacheDir, 'items/etcd-v0-amd64/etcd');
  const { spawn } = await import('node:child_process');
  const running = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)', program], { stdio: 'ignore' });
  watchStdout();
  try {
    await new Promise((resolve) => running.once('spawn', resolve));
    await cachePrune(input());
    expect(await readdir(join(cacheDir, 'items'))).toContain('etcd-v0-amd64');
  } finally {
    running.kill();
  }
});
