import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { launchKeeper } from '../../src/supervisor/launch.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

let dir: string;
beforeEach(async () => {
  dir = await temporaryDir();
  await mkdir(join(dir, 'logs'));
});

/** Launches a script that speaks as a keeper does. It ends when its stdin does. */
const launch = (script: string, { timeoutMs = 5_000, signal = new AbortController().signal } = {}) => {
  const program = `const tell = (event) => console.log(JSON.stringify(event)); process.stdin.on('end', () => process.exit(0)).resume(); ${script}`;
  return launchKeeper([process.execPath, '-e', program], {
    logPath: join(dir, 'keeper.log'),
    logsDir: join(dir, 'logs'),
    env: {},
    signal,
    timeoutMs,
  });
};

test('resolves what the keeper tells: furnished, then each child that becomes ready', async () => {
  const keeper = launch(
    "tell({event: 'furnished'}); process.stdin.on('data', () => tell({event: 'child', name: 'etcd', state: 'ready'}))",
  );
  await keeper.furnished();
  keeper.go();
  await expect(keeper.ready('etcd')).resolves.toBeUndefined();
  process.kill(keeper.pid);
});

test('a keeper that ends gives its reason', async () => {
  const keeper = launch("tell({event: 'failed', message: 'mount: no'}); process.exitCode = 1; process.stdin.destroy()");
  await expect(keeper.furnished()).rejects.toMatchObject({
    id: 'cluster.keeper-ended',
    message: 'the keeper ended: mount: no',
  });
});

test('without a reason the last lines of its log tell', async () => {
  const keeper = launch("console.error('unshare: Operation not permitted'); process.exit(1)");
  await expect(keeper.furnished()).rejects.toThrow('it gave no reason\n    unshare: Operation not permitted');
});

test('a keeper that ends while nobody waits harms nothing', async () => {
  const keeper = launch('process.exit(1)');
  await expect(keeper.ready('etcd')).rejects.toMatchObject({ id: 'cluster.keeper-ended' });
});

test('at the deadline the child in trouble is named, with how it ended and what it wrote last', async () => {
  await writeFile(join(dir, 'logs', 'etcd.log'), 'first\npanic: disk\n');
  const keeper = launch("tell({event: 'child', name: 'etcd', state: 'backoff', detail: 'exited with 2'})", {
    timeoutMs: 500,
  });
  await expect(keeper.ready('kube-apiserver')).rejects.toMatchObject({
    id: 'cluster.not-started',
    message: 'kube-apiserver not ready after 0.5s: etcd exited with 2\n    first\n    panic: disk',
  });
  process.kill(keeper.pid);
});

test('an abort ends the keeper and gives its reason; an abort before starts none', async () => {
  const stop = new AbortController();
  const keeper = launch("tell({event: 'furnished'})", { signal: stop.signal });
  await keeper.furnished();
  stop.abort(new Error('SIGINT'));
  await expect(keeper.ready('etcd')).rejects.toThrow('SIGINT');
  expect(() => launch('', { signal: stop.signal })).toThrow('SIGINT');
});
