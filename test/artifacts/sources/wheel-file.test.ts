import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findWheelIn, verifyWheel, wheelFileSource } from '../../../src/artifacts/sources/wheel-file.ts';
import { pins } from '../../../src/config/versions.ts';
import { sha256 } from '../../../src/lib/files.ts';
import type { Runner } from '../../../src/lib/process/runner.ts';
import { failureOf } from '../../support/failure-of.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';
import { fakeWork } from '../../support/work.ts';

const { determined } = pins;
const name = 'determined-0.37.0-py3-none-any.whl';
const unpinned = { project: 'determined', version: '0.37.0' };

/** pip, which gives a file of this content; `asked` are its requirements, and what it was started with. */
const pipWith = (content: string) => {
  const asked: { readonly requirements: string; readonly flags: readonly string[] }[] = [];
  const runner: Runner = async (command) => {
    asked.push({ requirements: await readFile(command.at(-1) ?? '', 'utf8'), flags: command });
    await writeFile(join(command[command.indexOf('--dest') + 1] ?? '', name), content);
    return { exitCode: 0, stdout: '', stderr: '' };
  };
  return { asked, runner };
};

test('a pinned wheel is kept as it is, and pip is held to its digest', async () => {
  const { asked, runner } = pipWith('zip');
  const { work, proofs } = await fakeWork({ runner });
  const dir = join(work.cacheDir, 'item');
  await wheelFileSource(determined).make(dir, work);
  expect(await readdir(dir)).toEqual([name]);
  expect(await readFile(await findWheelIn(dir), 'utf8')).toBe('zip');
  expect(asked[0]?.requirements).toBe(`determined==${determined.version} --hash=sha256:${determined.sha256}\n`);
  expect(asked[0]?.flags).toContain('--require-hashes');
  expect(proofs).toEqual([{ of: `determined ${determined.version}`, sha256: determined.sha256, by: 'pin' }]);
});

test("another version is proven by the index's digest, and another file of that version is refused later", async () => {
  const { asked, runner } = pipWith('zip');
  const { work, proofs } = await fakeWork({ runner });
  await wheelFileSource(unpinned).make(join(work.cacheDir, 'item'), work);
  expect(asked[0]?.requirements).toBe('determined==0.37.0\n');
  expect(asked[0]?.flags).not.toContain('--require-hashes');
  expect(proofs).toEqual([{ of: 'determined 0.37.0', sha256: sha256('zip'), by: 'publisher' }]);
  const again = await fakeWork({ runner: pipWith('other').runner, cacheDir: work.cacheDir });
  const error = await failureOf(wheelFileSource(unpinned).make(join(work.cacheDir, 'again'), again.work));
  expect(error).toMatchObject({ id: 'artifact.digest-changed' });
  expect(error.message).toContain('wheel determined 0.37.0 has changed');
});

test('what a bundle has in the place of the pinned wheel is refused', async () => {
  const dir = await temporaryDir();
  await writeFile(join(dir, name), 'other');
  const error = await failureOf(verifyWheel(dir, determined, 'bundle'));
  expect(error).toMatchObject({ id: 'artifact.checksum', hint: expect.stringContaining('package index') });
  expect(error.message).toContain(`determined ${determined.version} from bundle has sha256 ${sha256('other')}`);
  await expect(verifyWheel(dir, { ...determined, sha256: sha256('other') }, 'bundle')).resolves.toBeUndefined();
  await expect(verifyWheel(dir, unpinned, 'wheel')).resolves.toBeUndefined();
});

test('a folder without a wheel, or with two, is a bug', async () => {
  const dir = await temporaryDir();
  await expect(findWheelIn(dir)).rejects.toThrow('has 0 wheels');
  await mkdir(join(dir, 'a.whl'));
  await mkdir(join(dir, 'b.whl'));
  await expect(findWheelIn(dir)).rejects.toThrow('has 2 wheels');
});
