import { spawn } from 'node:child_process';
import { mkdtemp, open, readFile, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { nextBackoffMs, supervise } from '../../src/supervisor/children.ts';
import type { Child, ChildState } from '../../src/supervisor/spec.ts';

test.each([
  [undefined, 0, 200],
  [200, 100, 400],
  [8_000, 100, 10_000],
  [10_000, 100, 10_000],
  [10_000, 30_000, 200],
])('after a back-off of %s ms and a run of %s ms the next back-off is %s ms', (lastMs, ranMs, expected) => {
  expect(nextBackoffMs(lastMs, ranMs)).toBe(expected);
});

const answeringSocket = async (dir: string): Promise<string> => {
  const path = join(dir, 'ready.sock');
  await new Promise<void>((resolve) =>
    createServer((socket) => socket.end())
      .unref()
      .listen(path, resolve),
  );
  return path;
};

test('starts children in the order of their needs, restarts one that ends, and keeps what it wrote', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'tg-'));
  const probe = { kind: 'socket', path: await answeringSocket(dir) } as const;
  const children: readonly Child[] = [
    { name: 'first', command: [process.execPath, '-e', 'setInterval(() => {}, 1000)'], after: [], probe },
    {
      name: 'second',
      command: [process.execPath, '-e', 'console.error("oh no"); process.exit(3)'],
      after: ['first'],
      probe,
    },
  ];
  const seen: [string, ChildState][] = [];
  const { promise: restarted, resolve } = Promise.withResolvers<void>();
  const status = supervise(children, dir, (name, state) => {
    seen.push([name, state]);
    if (seen.filter(([who, what]) => who === 'second' && what === 'starting').length === 2) resolve();
  });
  await restarted;
  const order = seen.map(([name, state]) => `${name} ${state}`);
  expect(order.indexOf('first ready')).toBeLessThan(order.indexOf('second starting'));
  const [first, second] = status();
  expect(first).toMatchObject({ name: 'first', state: 'ready', restarts: 0 });
  expect(second).toMatchObject({ name: 'second', restarts: 1, lastExit: 'exited with 3' });
  expect(await readFile(join(dir, 'second.log'), 'utf8')).toContain('oh no');
  if (first?.pid) process.kill(first.pid);
});

test('a child may only come after one that stands before it', () => {
  const child: Child = { name: 'a', command: ['true'], after: ['b'], probe: { kind: 'socket', path: '/x' } };
  expect(() => supervise([child], '/tmp', () => undefined)).toThrow('a must come after b');
});

/** A keeper of one child that writes, in a process of its own: gives what it told its stderr and how the child ended. */
const keepChatty = (logsDir: string, stderr: number | 'pipe'): Promise<{ said: string; told: string }> => {
  const source = join(import.meta.dirname, '../../src/supervisor/children.ts');
  const program = `
    import { supervise } from '${source}';
    const write = 'console.log("one"); setTimeout(() => { console.log("two"); process.exit(7); }, 50)';
    const probe = { kind: 'socket', path: '/nowhere' };
    const child = { name: 'chatty', command: [process.execPath, '-e', write], after: [], probe };
    const status = supervise([child], '${logsDir}', () => {
      if (status().some(({ restarts }) => restarts === 2)) process.exit();
    });
    process.on('exit', () => console.log(JSON.stringify(status())));
  `;
  const keeper = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', stderr] });
  return new Promise((resolve) => {
    const [said, told] = [keeper.stderr, keeper.stdout].map((stream) => (stream ? text(stream) : ''));
    keeper.on('close', async () => resolve({ said: (await said) ?? '', told: (await told) ?? '' }));
  });
};

test('children run on when their output cannot be written, which is said once', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'tg-'));
  await symlink('/dev/full', join(dir, 'chatty.log'));
  const { said, told } = await keepChatty(dir, 'pipe');
  expect(said).toBe('output of chatty is dropped: ENOSPC: no space left on device, write\n');
  expect(JSON.parse(told)).toMatchObject([{ restarts: 2, lastExit: 'exited with 7' }]);
});

test('children run on when the keeper cannot write either', async () => {
  const full = await open('/dev/full', 'w');
  const { told } = await keepChatty('/nowhere', full.fd);
  await full.close();
  expect(JSON.parse(told)).toMatchObject([{ restarts: 2, lastExit: 'exited with 7' }]);
});
