import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { findProcess } from '../../src/lib/process/processes.ts';
import { execaRunner } from '../../src/lib/process/runner.ts';
import { spawnTethered } from '../../src/lib/process/tethered.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

const untilGone = async (pid: number): Promise<void> => {
  while (await findProcess(pid)) await pause(10);
};

/** A setpriv that knows no parent-death signal: that of busybox, or of an older util-linux. */
const oldSetpriv = async (): Promise<string> => {
  const path = join(await temporaryDir(), 'setpriv');
  await writeFile(path, '#!/bin/sh\necho "setpriv: unrecognized option: pdeathsig" >&2\nexit 1\n', { mode: 0o755 });
  return path;
};

const setprivs = [
  ['with the parent-death signal', async () => undefined],
  ['with a setpriv that knows none', oldSetpriv],
  ['without setpriv', async () => '/nowhere/setpriv'],
] as const;

/** A program of Node, tethered; ended after the test. */
const start = (program: string, options?: Parameters<typeof spawnTethered>[1]) => {
  const child = spawnTethered([process.execPath, '-e', program], options);
  onTestFinished(child.kill);
  return child;
};

test.each(setprivs)('says how it ended and what it wrote last on both streams: %s', async (_, find) => {
  const setpriv = await find();
  const options = setpriv === undefined ? {} : { setpriv };
  const program = 'for (let i = 0; i < 20; i++) (i % 2 ? console.log : console.error)(i); process.exitCode = 3';
  expect(await start(program, options).ended).toMatch(/^exited with 3: (\d+; ){4}\d+$/);
  expect(await start('process.kill(process.pid)', options).ended).toBe('ended by SIGTERM');
});

test('lines come whole, in order, without those that are not worth keeping', async () => {
  const lines: string[] = [];
  const program = 'process.stdout.write("on"); setTimeout(() => console.log("e\\r\\n\\ndebug two"), 50)';
  const isWorthKeeping = (line: string) => !line.startsWith('debug');
  const { ended } = start(program, { onLine: (line) => lines.push(line), isWorthKeeping });
  expect(await ended).toBe('exited with 0: one');
  expect(lines).toEqual(['one', '', 'debug two']);
});

test('64 MiB of output, the half of it one line, neither stops the child nor stays in memory', async () => {
  const program = `const text = 'x'.repeat(2 ** 15); let left = 2048;
    const write = () => { while (left-- > 0) if (!process.stderr.write(left < 1024 ? text : text + '\\n')) return process.stderr.once('drain', write); };
    write()`;
  let longest = 0;
  const child = start(program, {
    onLine: (line) => {
      longest = Math.max(longest, line.length);
    },
    isWorthKeeping: () => false,
  });
  expect(await child.ended).toBe('exited with 0');
  expect(longest).toBeLessThan(200_000);
});

test.each(setprivs)('a program that is not there: %s', async (_, find) => {
  const setpriv = await find();
  expect(await spawnTethered(['no-such-program', 'x'], setpriv === undefined ? {} : { setpriv }).ended).toMatch(
    /^exited with 127: .*no-such-program: not found$/,
  );
});

test('gets the environment that it is given, and no terminal', async () => {
  const env = { PATH: process.env.PATH, WORD: 'hello' };
  const { ended } = spawnTethered(['sh', '-c', 'echo "$WORD-$HOME-"; exec 3</dev/tty'], { env });
  expect(await ended).toMatch(/hello--; .*\/dev\/tty/);
});

test('without a parent-death signal nothing of the shell beside it is left after its end', async () => {
  const child = spawnTethered(['sh', '-c', 'echo $$; sleep 0.3'], { setpriv: '/nowhere/setpriv' });
  expect(await child.ended).toBe(`exited with 0: ${child.pid}`);
  // only a zombie may be left, for whoever is to reap it
  const list = () =>
    execaRunner(['ps', '-o', 'stat=', '-g', String(child.pid)]).then(
      ({ stdout }) => stdout,
      () => '',
    );
  await expect.poll(list).toMatch(/^(Z\S*\s*)*$/);
});

test.each(['signal', 'kill'])('%s ends it with what it has started, also where it will not end', async (how) => {
  const controller = new AbortController();
  const { promise: told, resolve } = Promise.withResolvers<number>();
  const program = `process.on('SIGTERM', () => {});
    const { spawn } = require('node:child_process');
    const { pid } = spawn('sh', ['-c', 'trap "" TERM; while :; do sleep 0.1; done'], { stdio: 'inherit' });
    console.log(pid); setInterval(() => {}, 1000)`;
  const onLine = (line: string) => resolve(Number(line));
  const child = start(program, { signal: controller.signal, onLine, killDelayMs: 100 });
  const grandchild = await told;
  if (how === 'kill') void child.kill();
  else controller.abort();
  expect(await child.ended).toMatch(/^ended by SIGKILL/);
  await untilGone(grandchild);
});

test.each(setprivs)(
  'its end is its own, not that of what it left running with its output: %s',
  async (_, find) => {
    const setpriv = await find();
    const { promise: told, resolve } = Promise.withResolvers<number>();
    // as ssh leaves its ProxyJump
    const program = `const { spawn } = require('node:child_process');
    console.log(spawn('sleep', ['1000'], { stdio: 'inherit' }).pid); process.exit(3)`;
    const onLine = (line: string) => resolve(Number(line));
    const child = start(program, { onLine, ...(setpriv !== undefined && { setpriv }) });
    const left = await told;
    expect(await child.ended).toBe(`exited with 3: ${left}`);
    await untilGone(left);
  },
  20_000,
);

test('kill is repeatable; after the end it does nothing', async () => {
  const child = start('setInterval(() => {}, 1000)');
  await Promise.all([child.kill(), child.kill()]);
  expect(await child.ended).toBe('ended by SIGTERM');
  await child.kill();
});

test.runIf(process.platform === 'linux').each(setprivs)(
  'dies with its parent, however that ends: %s',
  async (_, find) => {
    const options = JSON.stringify({ setpriv: await find() });
    const source = join(import.meta.dirname, '../../src/lib/process/tethered.ts');
    const program = `import { spawnTethered } from '${source}';
    const { pid } = spawnTethered(['sleep', '1000'], ${options}); console.log(pid); setInterval(() => {}, 1000)`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void parent.kill('SIGKILL'));
    const [line] = await once(parent.stdout, 'data');
    const pid = Number(line);
    while (!readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('sleep')) await pause(10);
    parent.kill('SIGKILL');
    await untilGone(pid);
    expect(await findProcess(pid)).toBeUndefined();
  },
);
