import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test, vi } from 'vitest';
import { startGuard } from '../../src/lib/process/guard.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

const write = (path: string) => ['/bin/sh', '-c', 'echo mended > "$1"', 'write', path] as const;
const textOf = (path: string) => readFile(path, 'utf8').catch(() => '');

test('the repair is done at release, once, and not before', async () => {
  const path = join(await temporaryDir(), 'mended');
  const guard = await startGuard(write(path));
  expect(await textOf(path)).toBe('');
  await guard.release();
  expect(await textOf(path)).toBe('mended\n');
  await guard.release();
});

test('a process that is stopped goes on although what stopped it was killed', async () => {
  const victim = execa('sleep', ['60'], { reject: false });
  const stateOf = async () => (await textOf(`/proc/${victim.pid}/stat`)).split(') ')[1]?.slice(0, 1);
  const program = `
    import { startGuard } from '${join(import.meta.dirname, '../../src/lib/process/guard.ts')}';
    await startGuard(['/bin/sh', '-c', 'kill -CONT "$1"', 'thaw', '${victim.pid}']);
    process.kill(${victim.pid}, 'SIGSTOP');
    setInterval(() => undefined, 1_000);
  `;
  const breaker = execa(process.execPath, ['--input-type=module', '--eval', program], { reject: false });
  await vi.waitFor(async () => expect(await stateOf()).toBe('T'), { timeout: 30_000 });
  breaker.kill('SIGKILL');
  await breaker;
  await vi.waitFor(async () => expect(await stateOf()).toBe('S'), { timeout: 30_000 });
  victim.kill('SIGKILL');
  await victim;
});

test('a guard that cannot be started is an error of its own, and nothing else ends the process', async () => {
  const program = `
    import { startGuard } from '${join(import.meta.dirname, '../../src/lib/process/guard.ts')}';
    import { openSync } from 'node:fs';
    const start = () => startGuard(['/bin/true']).then(() => 'started', (error) => error.code);
    try { for (;;) openSync('/dev/null'); } catch {}
    const said = await start();
    await new Promise((resolve) => setImmediate(resolve));
    process.exitCode = said === 'EMFILE' ? 42 : 43;
  `;
  const limited = [
    '-c',
    'ulimit -n 64 && exec "$@"',
    'limited',
    process.execPath,
    '--input-type=module',
    '--eval',
    program,
  ];
  const { exitCode, stderr } = await execa('/bin/sh', limited, { reject: false });
  expect({ exitCode, stderr }).toEqual({ exitCode: 42, stderr: '' });
});

test('a repair that fails is told at each release', async () => {
  const guard = await startGuard(['/bin/sh', '-c', 'exit 3']);
  const failed = {
    id: 'environment.command',
    message: 'what was broken could not be mended: /bin/sh -c exit 3 ended with 3',
  };
  await expect(guard.release()).rejects.toMatchObject(failed);
  await expect(guard.release()).rejects.toMatchObject(failed);
});
