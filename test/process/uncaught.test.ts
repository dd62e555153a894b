import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished } from 'vitest';
import { startTunnels } from '../../src/daemon/start.ts';
import { stopTunnelDaemon } from '../../src/daemon/stop.ts';
import { createInstance } from '../../src/instance/instance.ts';
import { instancePaths } from '../../src/instance/paths.ts';
import { findProcess } from '../../src/lib/process/processes.ts';
import type { Child, SupervisorSpec } from '../../src/supervisor/spec.ts';
import { lockFiles, runningFakes, waitUntilBegun } from '../support/process/signals.ts';
import { fakePrograms, inNamespaces, noNamespaces, root, test } from '../support/process/user.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

/** A flag of Node.js that runs a script before the program. */
const preload = (script: string): string => `--import=data:text/javascript,${encodeURIComponent(script)}`;

/** Loaded before the program: SIGUSR2 then throws in a callback, or rejects a promise that nobody waits for. */
const bug = (how: 'callback' | 'promise'): string => {
  const work = how === 'callback' ? 'throw new TypeError("boom")' : 'void Promise.reject(new TypeError("boom"))';
  return preload(`process.on("SIGUSR2",()=>{${work}})`);
};

describe.skipIf(noNamespaces)(`${noNamespaces}an error that nothing caught ends a command as a signal does`, () => {
  test.for(['callback', 'promise'] as const)('in a %s: exit 70, nothing runs on, the locks are free', async (how, {
    user,
  }) => {
    await fakePrograms(user);
    const up = user.start(['up'], { prefix: inNamespaces(''), env: { NODE_OPTIONS: bug(how) } });
    await waitUntilBegun(user);
    up.kill('SIGUSR2');
    const { exitCode, stdout, stderr } = await up;
    expect({ exitCode, stdout }).toEqual({ exitCode: 70, stdout: '' });
    expect(stderr).toMatch(/taskgate: this is a bug in taskgate, please report it\nTypeError: boom\n {4}at /);
    expect(stderr.match(/please report/g)).toHaveLength(1);
    expect([...(await runningFakes(user)), ...(await lockFiles(user))]).toEqual([]);
    expect(await user.run(['status'])).toMatchObject({
      exitCode: 0,
      stdout: 'no instances yet; make one: npx taskgate up\n',
    });
  });

  test('also while nothing can be cut off', async ({ user }) => {
    const thrower = preload('setTimeout(()=>{throw new TypeError("boom")},0)');
    const { exitCode, stderr } = await user.run(['help'], { env: { NODE_OPTIONS: thrower } });
    expect(exitCode).toBe(70);
    expect(stderr).toContain('TypeError: boom');
  });
});

/** Serves what a child's probe finds. */
const openSocket = async (dir: string): Promise<string> => {
  const server = createServer((socket) => socket.end());
  await once(server.listen(join(dir, 'ready.sock')), 'listening');
  onTestFinished(() => void server.close());
  return join(dir, 'ready.sock');
};

describe('an error that nothing caught in a background process', () => {
  test('the tunnel daemon: journalled, its tunnel is closed, exit 70', async () => {
    const home = await temporaryDir();
    const instance = await createInstance(home, { name: 'dev', provider: 'native', cidr: '10.210.0.0/16' });
    onTestFinished(() => stopTunnelDaemon(instance).then(() => undefined));
    const { tunnelLogPath, tunnelDaemonLogPath } = instancePaths(instance.dir);
    const ssh = join(home, 'ssh');
    await writeFile(ssh, `#!/bin/sh\n[ "$1" = -G ] && exit 0\necho $$ > ${home}/ssh.pid\nexec sleep 60\n`, {
      mode: 0o755,
    });
    const starting = startTunnels({
      daemonCommand: [process.execPath, bug('callback'), join(root, 'scripts', 'tunnel-daemon.ts')],
      ...{ instance, signal: new AbortController().signal, timeoutMs: 20_000, report: () => undefined },
      env: process.env,
      wanted: {
        tunnel: {
          driver: {
            kind: 'ssh',
            settings: {
              ...{ host: 'bastion', program: ssh, remotePort: 0, bindAddress: '0.0.0.0', hostKeyPolicy: 'accept-new' },
              ...{ serverAliveInterval: 60, serverAliveCountMax: 10 },
            },
          },
          master: { host: '127.0.0.1', port: 1 },
        },
      },
    });
    const failure = starting.catch((error: unknown) => error);
    await expect.poll(() => readFile(`${home}/ssh.pid`, 'utf8').catch(() => ''), { timeout: 10_000 }).not.toBe('');
    const pid = Number(await readFile(`${home}/ssh.pid`, 'utf8'));
    const [daemon] = instance.record().journal.filter(({ kind }) => kind === 'tunnels');
    if (daemon?.kind !== 'tunnels') throw new Error('no daemon is journalled');
    process.kill(daemon.process.pid, 'SIGUSR2');
    expect(await failure).toMatchObject({ id: 'tunnel.keeper-ended' });
    expect(await findProcess(pid)).toBeUndefined();
    expect(await readFile(tunnelLogPath, 'utf8')).toContain('the tunnel daemon ends: a bug in taskgate: boom');
    expect(await readFile(tunnelDaemonLogPath, 'utf8')).toContain('please report it\nTypeError: boom');
  });

  test('the supervisor: reported, its children end in order, the last one first, exit 70', async () => {
    const dir = await temporaryDir();
    const probe = { kind: 'socket', path: await openSocket(dir) } as const;
    const child = (name: string, after: readonly string[]): Child => ({
      ...{ name, after, probe },
      command: ['sh', '-c', `trap 'echo ${name} >> ${dir}/ended; exit' TERM; while :; do sleep 0.05; done`],
    });
    const children = [child('first', []), child('second', ['first']), child('third', ['second'])];
    const spec: SupervisorSpec = {
      ...{ instance: 'dev', socketPath: join(dir, 'keeper.sock'), logsDir: join(dir, 'logs'), setup: [], children },
    };
    await mkdir(spec.logsDir);
    await writeFile(join(dir, 'keeper.json'), JSON.stringify(spec));
    const program = [bug('promise'), join(root, 'scripts', 'supervisor.ts'), join(dir, 'keeper.json')];
    const supervisor = spawn(process.execPath, program, { stdio: 'pipe' });
    onTestFinished(() => void supervisor.kill('SIGKILL'));
    let output = '';
    supervisor.stdout.setEncoding('utf8').on('data', (part: string) => {
      output += part;
    });
    const said = () => output;
    const errors = text(supervisor.stderr);
    supervisor.stdin.write('go\n');
    const exited = once(supervisor, 'exit');
    await expect.poll(() => said().match(/"ready"/g)?.length, { timeout: 20_000 }).toBe(3);
    supervisor.kill('SIGUSR2');
    expect((await exited)[0]).toBe(70);
    expect(await readFile(join(dir, 'ended'), 'utf8')).toBe('third\nsecond\nfirst\n');
    expect(await errors).toMatch(/^this is a bug in taskgate, please report it\nTypeError: boom\n/);
    expect(said()).toContain('{"event":"failed","message":"a bug in taskgate: boom"}\n');
  });

  test('a starter that dies is no bug: exit 1, and the reason', async () => {
    const dir = await temporaryDir();
    await writeFile(
      join(dir, 'keeper.json'),
      JSON.stringify({
        instance: 'dev',
        socketPath: join(dir, 's'),
        logsDir: join(dir, 'logs'),
        setup: [],
        children: [],
      }),
    );
    const program = [join(root, 'scripts', 'supervisor.ts'), join(dir, 'keeper.json')];
    const supervisor = spawn(process.execPath, program, { stdio: 'pipe' });
    const [errors, exited] = [text(supervisor.stderr), once(supervisor, 'exit')];
    await once(supervisor.stdout, 'data');
    supervisor.stdin.end();
    expect((await exited)[0]).toBe(1);
    expect(await errors).toBe('the starter ended before it detached this process\n');
  });
});
