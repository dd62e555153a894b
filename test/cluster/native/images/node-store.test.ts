import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { nodeStore } from '../../../../src/cluster/native/images/node-store.ts';
import { instancePaths } from '../../../../src/instance/paths.ts';
import { fakeRunner } from '../../../fakes/runner.ts';
import { temporaryDir } from '../../../support/temporary-dir.ts';

const limits = { signal: new AbortController().signal, timeoutMs: 1_000 };

/** The folder of an instance whose node runs, or ran, this containerd. */
const instanceWith = async (containerd: string): Promise<string> => {
  const dir = await temporaryDir();
  const path = instancePaths(dir).supervisorSpecPath;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(
    path,
    JSON.stringify({
      children: [
        { name: 'etcd', command: ['/x/etcd'] },
        { name: 'containerd', command: [containerd] },
      ],
    }),
  );
  return dir;
};

const stopped = (dir: string) => ({
  id: 'cluster.stopped',
  message: "the instance's node does not run",
  hint: `start it: taskgate up --name ${basename(dir)}`,
});

test.each([
  ['does not run', () => instanceWith('/cache/containerd'), undefined],
  ['was never begun', () => temporaryDir(), 42],
] as const)('a node that %s', async (_, makeDir, nodePid) => {
  const dir = await makeDir();
  const store = nodeStore(dir, { runner: fakeRunner({}).runner, findNodePid: async () => nodePid });
  await expect(store.list(limits)).rejects.toMatchObject(stopped(dir));
});

test('the ctr beside the containerd that runs is asked, whatever the cache would have today', async () => {
  const ask =
    '--address /proc/42/root/run/containerd/containerd.sock --connect-timeout 2s --namespace k8s.io images check';
  const { runner, calls } = fakeRunner({ [`${join('/cache/old/usr/bin', 'ctr')} ${ask}`]: 'REF TYPE\n' });
  const dir = await instanceWith('/cache/old/usr/bin/containerd');
  const store = nodeStore(dir, { runner, findNodePid: async () => 42 });
  expect(await store.list(limits)).toEqual([]);
  expect(calls).toHaveLength(1);
  expect(store.source).toBe("the node's containerd");
});
