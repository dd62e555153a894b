import { chmod, lstat, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { rewriteConfig } from '../../../src/commands/config/rewrite-file.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

const makeFile = async (mode: number) => {
  const dir = await temporaryDir();
  const path = join(dir, 'mine.yaml');
  await writeFile(path, 'old\n');
  await chmod(path, mode);
  return { dir, path };
};

const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

test.each([0o600, 0o644, 0o666])('mode %o stays, of the file and of its backup', async (mode) => {
  const { dir, path } = await makeFile(mode);
  const backup = await rewriteConfig(path, 'new\n');
  expect(backup).toBe(`${path}.taskgate-backup`);
  expect([await readFile(path, 'utf8'), await readFile(backup, 'utf8')]).toEqual(['new\n', 'old\n']);
  expect([await modeOf(path), await modeOf(backup)]).toEqual([mode, mode]);
  expect((await readdir(dir)).toSorted()).toEqual(['mine.yaml', 'mine.yaml.taskgate-backup']);
});

test('a link stays a link; what it leads to is changed', async () => {
  const { dir, path } = await makeFile(0o600);
  const link = join(dir, 'link.yaml');
  await symlink('mine.yaml', link);
  expect(await rewriteConfig(link, 'new\n')).toBe(`${path}.taskgate-backup`);
  expect((await lstat(link)).isSymbolicLink()).toBe(true);
  expect(await readFile(path, 'utf8')).toBe('new\n');
});

test.runIf(process.getuid?.() === 0)('the owner stays', async () => {
  const { path } = await makeFile(0o600);
  const { chown } = await import('node:fs/promises');
  await chown(path, 65_534, 65_534);
  const backup = await rewriteConfig(path, 'new\n');
  expect([(await stat(path)).uid, (await stat(backup)).uid]).toEqual([65_534, 65_534]);
});
