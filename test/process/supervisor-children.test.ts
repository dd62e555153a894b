import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { hasCode } from '../../src/lib/errors.ts';
import type { Child, ChildStatus } from '../../src/supervisor/spec.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

const source = join(import.meta.dirname, '../../src/supervisor/children.ts');

/**
 * A program that supervises these children, with what it is to do at each report. It never ends its children, so the
 * test ends all that is in its process group.
 */
const startSupervisor = (program: string, stderr: number | 'pipe' = 'pipe'): ChildProcess => {
  const code = `import { supervise } from '${source}';\n${program}`;
  const supervisor = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', stderr],
    detached: true,
  });
  onTestFinished(() => {
    try {
      if (supervisor.pid) process.kill(-supervisor.pid, 'SIGKILL');
    } catch (error) {
      if (!hasCode(error, 'ESRCH')) throw error;
    }
  });
  return supervisor;
};

const answeringSocket = async (dir: string): Promise<string> => {
  const path = join(dir, 'ready.sock');
  const server = createServer((socket) => socket.end());
  onTestFinished(() => void server.close());
  await once(server.listen(path), 'listening');
  return path;
};

test('starts children in the order of their needs, restarts one that ends, and keeps what it wrote', async () => {
  const dir = await temporaryDir();
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
  const supervisor = startSupervisor(`
    const seen = [];
    const { status } = supervise(${JSON.stringify(children)}, '${dir}', ({ name, state }) => {
      seen.push(name + ' ' + state);
      if (seen.filter((one) => one === 'second starting').length === 2) {
        console.log(JSON.stringify({ order: seen, status: status() }));
      }
    });
  `);
  const [output] = await once(supervisor.stdout ?? supervisor, 'data');
  const { order, status }: { order: string[]; status: ChildStatus[] } = JSON.parse(String(output));
  expect(order).toContain('first ready');
  expect(order.indexOf('first ready')).toBeLessThan(order.indexOf('second starting'));
  expect(status[0]).toMatchObject({ name: 'first', state: 'ready', restarts: 0 });
  expect(status[1]).toMatchObject({ name: 'second', restarts: 1, lastExit: 'exited with 3' });
  expect(await readFile(join(dir, 'second.log'), 'utf8')).toContain('oh no');
});

test('ends count since the child was last ready, restarts all its life', async () => {
  const dir = await temporaryDir();
  const probe = { kind: 'socket', path: await answeringSocket(dir) } as const;
  const command = [process.execPath, '-e', 'setTimeout(() => process.exit(3), 300)'] as const;
  const supervisor = startSupervisor(`
    const child = ${JSON.stringify({ name: 'etcd', command, after: [], probe })};
    supervise([child], '${dir}', (status) => {
      if (status.restarts !== 2) return;
      console.log(JSON.stringify(status));
      if (status.state === 'ready') process.exit();
    });
  `);
  const output = supervisor.stdout ? await text(supervisor.stdout) : '';
  const seen = output.trim().split('\n');
  expect(seen.map((line) => JSON.parse(line) as ChildStatus)).toMatchObject([
    { state: 'backoff', ends: 1 },
    { state: 'starting', ends: 1 },
    { state: 'ready', ends: 0 },
  ]);
});

test('an answer to the probe of a run that has ended makes nothing ready', async () => {
  const dir = await temporaryDir();
  const child = { name: 'etcd', command: ['sh', '-c', 'sleep 0.5; exit 3'], after: [] };
  const supervisor = startSupervisor(`
    import { createServer } from 'node:http';
    const held = [];
    const server = createServer((_, response) => held.push(response)).listen(0, '127.0.0.1', () => {
      const probe = { kind: 'http', url: 'http://127.0.0.1:' + server.address().port + '/' };
      const child = { ...${JSON.stringify(child)}, probe };
      const seen = [];
      supervise([child], '${dir}', ({ state }) => {
        seen.push(state);
        if (state === 'backoff') for (const response of held.splice(0)) response.end();
        if (seen.filter((one) => one === 'starting').length < 2) return;
        console.log(JSON.stringify(seen));
        process.exit();
      });
    });
  `);
  const output = supervisor.stdout ? await text(supervisor.stdout) : '';
  expect(JSON.parse(output)).toEqual(['starting', 'backoff', 'starting']);
});

/** A supervisor of one child that writes: gives its stderr and how the child ended. */
const keepChatty = (logsDir: string, stderr: number | 'pipe'): Promise<{ errors: string; output: string }> => {
  const supervisor = startSupervisor(
    `
    const write = 'console.log("one"); setTimeout(() => { console.log("two"); process.exit(7); }, 50)';
    const probe = { kind: 'socket', path: '/nowhere' };
    const child = { name: 'chatty', command: [process.execPath, '-e', write], after: [], probe };
    const { status } = supervise([child], '${logsDir}', () => {
      if (status().some(({ restarts }) => restarts === 2)) process.exit();
    });
    process.on('exit', () => console.log(JSON.stringify(status())));
  `,
    stderr,
  );
  return new Promise((resolve) => {
    const [errors, output] = [supervisor.stderr, supervisor.stdout].map((stream) => (stream ? text(stream) : ''));
    supervisor.on('close', async () => resolve({ errors: (await errors) ?? '', output: (await output) ?? '' }));
  });
};

test('children run on when their output cannot be written, which is reported once', async () => {
  const dir = await temporaryDir();
  await symlink('/dev/full', join(dir, 'chatty.log'));
  const { errors, output } = await keepChatty(dir, 'pipe');
  expect(errors).toBe('output of chatty is dropped: ENOSPC: no space left on device, write\n');
  expect(JSON.parse(output)).toMatchObject([{ restarts: 2, ends: 2, lastExit: 'exited with 7' }]);
});

test('children run on when the supervisor cannot write either', async () => {
  const full = await open('/dev/full', 'w');
  const { output } = await keepChatty('/nowhere', full.fd);
  await full.close();
  expect(JSON.parse(output)).toMatchObject([{ restarts: 2, ends: 2, lastExit: 'exited with 7' }]);
});

test('a program that is gone is said to be so, and not to have exited with the number of an error', async () => {
  const dir = await temporaryDir();
  const child = { name: 'etcd', command: [join(dir, 'gone')], after: [], probe: { kind: 'running' } };
  const supervisor = startSupervisor(`
    const { status } = supervise(${JSON.stringify([child])}, '${dir}', ({ state }, detail) => {
      if (state === 'backoff') {
        console.log(JSON.stringify({ detail, status: status() }));
        process.exit();
      }
    });`);
  const output = supervisor.stdout ? await text(supervisor.stdout) : '';
  const { detail, status } = JSON.parse(output) as {
    readonly detail: string;
    readonly status: readonly ChildStatus[];
  };
  const what = `could not be started: spawn ${join(dir, 'gone')} ENOENT`;
  expect(status[0]?.lastExit).toBe(what);
  expect(detail).toBe(`${join(dir, 'gone')} ${what}, again in 200 ms`);
  expect(await readFile(join(dir, 'etcd.log'), 'utf8')).toBe(`${what}\n`);
});
