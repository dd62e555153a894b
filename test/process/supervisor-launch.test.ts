import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { type LaunchedDaemon, launchDaemon } from '../../src/supervisor/launch.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

let dir: string;
beforeEach(async () => {
  dir = await temporaryDir();
  await mkdir(join(dir, 'logs'));
});

/** Launches a script that speaks as a daemon does. It ends when its stdin does. */
const launch = (script: string, { timeoutMs = 5_000, signal = new AbortController().signal } = {}) => {
  const program = `const emit = (event) => console.log(JSON.stringify(event)); process.stdin.on('end', () => process.exit(0)).resume(); ${script}`;
  return launchDaemon([process.execPath, '-e', program], {
    logPath: join(dir, 'keeper.log'),
    logsDir: join(dir, 'logs'),
    env: {},
    signal,
    timeoutMs,
  });
};

const end = ({ pid }: LaunchedDaemon): void => {
  if (pid !== undefined) process.kill(pid);
};

test('resolves the events of a daemon: set up, then each child that becomes ready', async () => {
  const daemon = launch(
    "emit({event: 'set-up'}); process.stdin.on('data', () => emit({event: 'child', name: 'etcd', state: 'ready'}))",
  );
  await daemon.untilSetUp();
  daemon.go();
  await expect(daemon.untilReady('etcd')).resolves.toBeUndefined();
  end(daemon);
});

test('lines that are no event are passed over, also one that is endless', async () => {
  const daemon = launch(
    `console.log('(node:1) Warning: x'); console.log('null'); console.log('{"event":"child","name":5,"state":"ready"}'); console.log('x'.repeat(1e6)); emit({event: 'set-up'})`,
  );
  await expect(daemon.untilSetUp()).resolves.toBeUndefined();
  end(daemon);
});

test('a daemon that ends gives its reason', async () => {
  const daemon = launch("emit({event: 'failed', message: 'mount: no'}); process.exitCode = 1; process.stdin.destroy()");
  await expect(daemon.untilSetUp()).rejects.toMatchObject({
    id: 'cluster.keeper-ended',
    message: 'the supervisor of the node ended: mount: no',
  });
});

test('without a reason the error has the last lines of its log', async () => {
  const daemon = launch("console.error('unshare: Operation not permitted'); process.exit(1)");
  await expect(daemon.untilSetUp()).rejects.toThrow('it gave no reason\n    unshare: Operation not permitted');
});

test('a log that is a link is not written to: root would write where its owner wants', async () => {
  const other = join(dir, 'other');
  await writeFile(other, 'kept\n');
  await symlink(other, join(dir, 'keeper.log'));
  expect(() => launch("console.error('secret'); emit({event: 'set-up'})")).toThrow(
    expect.objectContaining({ id: 'environment.instance-damaged', hint: `remove it: rm ${join(dir, 'keeper.log')}` }),
  );
  expect(await readFile(other, 'utf8')).toBe('kept\n');
});

test('of a stack in its log the error itself is told, not where it was thrown', async () => {
  const daemon = launch("console.error('node:fs:1'); throw new Error('EACCES: permission denied, open tunnels.json')");
  await expect(daemon.untilSetUp()).rejects.toThrow(
    /it gave no reason\n {4}Error: EACCES: permission denied, open tunnels\.json$/,
  );
});

test('a daemon that ends while nobody waits harms nothing', async () => {
  const daemon = launch('process.exit(1)');
  await expect(daemon.untilReady('etcd')).rejects.toMatchObject({ id: 'cluster.keeper-ended' });
});

test('at the deadline the child in trouble is named, with how it ended and what it wrote last', async () => {
  await writeFile(join(dir, 'logs', 'etcd.log'), 'first\npanic: disk\n');
  const daemon = launch("emit({event: 'child', name: 'etcd', state: 'backoff', detail: 'exited with 2'})", {
    timeoutMs: 500,
  });
  await expect(daemon.untilReady('kube-apiserver')).rejects.toMatchObject({
    id: 'cluster.not-started',
    message: 'kube-apiserver not ready after 0.5s: etcd exited with 2\n    first\n    panic: disk',
  });
  end(daemon);
});

test('an abort ends the daemon and gives its reason; an abort before starts none', async () => {
  const stop = new AbortController();
  const daemon = launch("emit({event: 'set-up'})", { signal: stop.signal });
  await daemon.untilSetUp();
  stop.abort(new Error('SIGINT'));
  await expect(daemon.untilReady('etcd')).rejects.toThrow('SIGINT');
  expect(() => launch('', { signal: stop.signal })).toThrow('SIGINT');
});

const childEnds = (name: string, detail: string, times: number) =>
  Array.from({ length: times }, (_, index) => [
    `emit({event: 'child', name: '${name}', state: 'starting', ends: ${index}});`,
    `emit({event: 'child', name: '${name}', state: 'backoff', ends: ${index + 1}, detail: '${detail}, again in 200 ms'});`,
  ])
    .flat()
    .join(' ');

test('a child that ends four times while starting ends the wait, with its program and its last words', async () => {
  await writeFile(join(dir, 'logs', 'etcd.log'), 'panic: disk\n');
  const ends = childEnds('etcd', '/cache/etcd exited with 2', 4);
  const daemon = launch(`${ends} setInterval(() => undefined, 1_000)`, { timeoutMs: 30_000 });
  await expect(daemon.untilReady('kube-apiserver')).rejects.toMatchObject({
    id: 'cluster.not-started',
    message: 'etcd ended 4 times while starting: /cache/etcd exited with 2\n    panic: disk',
    hint: expect.stringContaining('logs/etcd.log'),
  });
  end(daemon);
});

test('one that is ready in between may end as often as it likes: it is started again', async () => {
  const ready = "emit({event: 'child', name: 'kube-router', state: 'ready'});";
  const ends = childEnds('kube-router', 'exited with 1', 3);
  const last = "setTimeout(() => emit({event: 'child', name: 'kube-apiserver', state: 'ready'}), 200)";
  const daemon = launch(`${ends} ${ready} ${ends} ${ready} ${last}`);
  await expect(daemon.untilReady('kube-apiserver')).resolves.toBeUndefined();
  end(daemon);
});

const options = () => ({
  ...{ logPath: join(dir, 'keeper.log'), logsDir: join(dir, 'logs'), env: {}, timeoutMs: 5_000 },
  signal: new AbortController().signal,
});

test.each([
  ['is not there', () => join(dir, 'gone'), /it could not be started: spawn .*gone ENOENT$/],
  ['may not be run', () => join(dir, 'logs'), /it could not be started: spawn .*logs EACCES$/],
])('a daemon whose program %s is an error with an id', async (_, program, message) => {
  const daemon = launchDaemon([program()], options());
  expect(daemon.pid).toBeUndefined();
  await expect(daemon.untilSetUp()).rejects.toMatchObject({
    id: 'cluster.keeper-ended',
    message: expect.stringMatching(message),
  });
});

test.skipIf(process.getuid?.() !== 0)(
  "below a folder that sudo's caller may not enter: refused, naming it",
  async () => {
    const closed = join(dir, 'root');
    await mkdir(closed, { mode: 0o700 });
    await writeFile(join(closed, 'daemon.js'), '');
    const owner = { uid: 65_534, gid: 65_534 };
    await chmod(dir, 0o755);
    const program = ['/usr/bin/env', join(closed, 'daemon.js')] as const;
    expect(() => launchDaemon(program, { ...options(), owner })).toThrow(
      expect.objectContaining({
        id: 'environment.closed-folder',
        message: expect.stringMatching(/uid 65534, who called sudo: that user may not enter .*root$/),
      }),
    );
  },
);
