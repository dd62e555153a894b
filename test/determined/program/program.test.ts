import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findInstalled, findRoot, noRoot, verifyProgram, verifyRoot } from '../../../src/determined/program/program.ts';
import { writeSmallMaster } from '../../support/stack/small-master.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

test('the first master on PATH is the installed one', async () => {
  const dir = await temporaryDir();
  const path = await writeSmallMaster(dir);
  await expect(findInstalled(['/nowhere', dir])).resolves.toBe(path);
  await expect(findInstalled(['/nowhere'])).resolves.toBeUndefined();
});

test('a root is found where a release, a package and a checkout have it', async () => {
  const dir = await temporaryDir();
  await expect(findRoot(join(dir, 'bin/determined-master'))).resolves.toBeUndefined();
  for (const [program, root] of [
    ['determined-master', 'share/determined/master'],
    ['usr/bin/determined-master', 'usr/share/determined/master'],
    ['clone/master/build/determined-master', 'clone/tools/build'],
  ] as const) {
    await mkdir(join(dir, root, 'static'), { recursive: true });
    await expect(findRoot(join(dir, program))).resolves.toBe(join(dir, root));
  }
});

test('a path that names no program is refused, with why', async () => {
  const dir = await temporaryDir();
  const path = await writeSmallMaster(dir);
  await expect(verifyProgram(path)).resolves.toBe(path);
  await expect(verifyProgram(dir)).rejects.toThrow(`--master-program: ${dir} is no file`);
  await expect(verifyProgram('/no/master')).rejects.toThrow('--master-program: /no/master is not there');
  await chmod(path, 0o600);
  await expect(verifyProgram(path)).rejects.toMatchObject({
    id: 'usage.master-program',
    message: `--master-program: ${path} may not be executed`,
  });
});

test('a root without static/ is refused', async () => {
  const dir = await temporaryDir();
  await expect(verifyRoot(dir)).rejects.toMatchObject({ id: 'usage.master-root' });
  await mkdir(join(dir, 'static'));
  await expect(verifyRoot(dir)).resolves.toBe(dir);
  expect(noRoot('/m')).toMatchObject({
    id: 'environment.no-master-root',
    hint: expect.stringContaining('--master-root'),
  });
});
