import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { temporaryDir } from '../support/temporary-dir.ts';

const writeProgram = async (path: string, script: string): Promise<void> => {
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
};

/** A checkout with `.ci/run` and this script as npm; `node`, if there is one, is what npm would install. */
const makeCheckout = async (npm: string, node?: string) => {
  const dir = await temporaryDir();
  for (const folder of ['.ci', 'bin', 'node_modules/.bin']) await mkdir(join(dir, folder), { recursive: true });
  await copyFile(join(import.meta.dirname, '../../.ci/run'), join(dir, '.ci/run'));
  await writeProgram(join(dir, 'bin/npm'), npm);
  if (node !== undefined) await writeProgram(join(dir, 'node_modules/.bin/node'), node);
  const env = { PATH: `${join(dir, 'bin')}:${process.env['PATH']}`, CI_RUN_START: '' };
  return { dir, run: () => execa('bash', [join(dir, '.ci/run')], { env, reject: false, stderr: 'ignore' }) };
};

test.each([
  ['npm ci fails', 'exit 7', 'echo "3 passed, 0 failed"'],
  ['it installs no Node.js', 'exit 0', undefined],
])('%s: one failure is counted', async (_, npm, node) => {
  const { stdout, exitCode } = await (await makeCheckout(npm, node)).run();
  expect(stdout.split('\n').at(-1)).toBe('0 passed, 1 failed');
  expect(exitCode).toBe(1);
});

test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('%s while npm ci runs: it is ended, and counted', async (name) => {
  const checkout = await makeCheckout('echo "$$" >pid; mv pid npm-runs; sleep 600 & wait');
  const running = checkout.run();
  const file = join(checkout.dir, 'npm-runs');
  await expect.poll(() => existsSync(file)).toBe(true);
  const pid = (await readFile(file, 'utf8')).trim();
  running.kill(name);
  const { stdout, exitCode } = await running;
  expect(stdout.split('\n').at(-1)).toBe('0 passed, 1 failed');
  expect(exitCode).toBe(1);
  expect(existsSync(`/proc/${pid}`)).toBe(false);
});

test('the suites know when it began, and their end is its own', async () => {
  const earliest = Math.floor(Date.now() / 1_000);
  const { run } = await makeCheckout('[ "$1" = ci ]', 'echo "$CI_RUN_START $1"; exit 3');
  const { stdout, exitCode } = await run();
  const [, start, program] = /^(\d+) (\S+)$/.exec(stdout) ?? [];
  expect(program).toBe('scripts/ci.ts');
  expect(Number(start)).toBeGreaterThanOrEqual(earliest);
  expect(Number(start)).toBeLessThanOrEqual(Date.now() / 1_000);
  expect(exitCode).toBe(3);
});
