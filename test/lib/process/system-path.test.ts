import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { execaRunner } from '../../../src/lib/process/runner.ts';
import { bySystemPath, systemProgram } from '../../../src/lib/process/system-path.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

test('a program of the same name that comes first in PATH is not run', async () => {
  const dir = await temporaryDir();
  await writeFile(join(dir, 'uname'), '#!/bin/sh\necho planted\n');
  await chmod(join(dir, 'uname'), 0o755);
  const usual = process.env['PATH'];
  onTestFinished(() => {
    process.env['PATH'] = usual;
  });
  process.env['PATH'] = `${dir}:${usual}`;
  expect((await execaRunner(['uname'])).stdout).toBe('planted');
  expect((await bySystemPath(execaRunner)(['uname'])).stdout).not.toBe('planted');
});

test('what a caller sets itself stays', async () => {
  const { stdout } = await bySystemPath(execaRunner)(['sh', '-c', 'echo "$MARK $PATH"'], { env: { MARK: 'x' } });
  expect(stdout).toBe('x /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin');
});

test.each([
  ['sh', /^\/(usr\/)?bin\/sh$/],
  ['no-such-program', /^no-such-program$/],
])('%s is %s', (name, path) => {
  expect(systemProgram(name)).toMatch(path);
});
