import {
  chmod,
  chown,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  ensureUserFolder,
  findLastLines,
  findTextFile,
  readTextFile,
  realPathOf,
  replaceUserFile,
  writeFileAtomically,
} from '../../src/lib/files.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

const makeFile = async (mode: number) => {
  const dir = await mkdtemp(join(tmpdir(), 'tg-files-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const path = join(dir, 'mine.yaml');
  await writeFile(path, 'old\n');
  await chmod(path, mode);
  return { dir, path };
};

const each = { backups: 'each' } as const;

const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

test.each([0o600, 0o644, 0o666])('mode %o stays, of the file and of its backup', async (mode) => {
  const { dir, path } = await makeFile(mode);
  const backup = await replaceUserFile(path, 'new\n', each);
  expect(backup).toBe(`${path}.taskgate-backup`);
  expect([await readFile(path, 'utf8'), await readFile(String(backup), 'utf8')]).toEqual(['new\n', 'old\n']);
  expect([await modeOf(path), await modeOf(String(backup))]).toEqual([mode, mode]);
  expect((await readdir(dir)).toSorted()).toEqual(['mine.yaml', 'mine.yaml.taskgate-backup']);
});

test('a link stays a link; what it leads to is changed', async () => {
  const { dir, path } = await makeFile(0o600);
  const link = join(dir, 'link.yaml');
  await symlink('mine.yaml', link);
  expect(await replaceUserFile(link, 'new\n', each)).toBe(`${path}.taskgate-backup`);
  expect((await lstat(link)).isSymbolicLink()).toBe(true);
  expect(await readFile(path, 'utf8')).toBe('new\n');
});

test.runIf(process.getuid?.() === 0)('the owner stays', async () => {
  const { path } = await makeFile(0o600);
  await chown(path, 65_534, 65_534);
  const backup = await replaceUserFile(path, 'new\n', each);
  expect([(await stat(path)).uid, (await stat(String(backup))).uid]).toEqual([65_534, 65_534]);
});

test('a mode that is given wins; what was empty or not there has no backup', async () => {
  const { dir, path } = await makeFile(0o644);
  await replaceUserFile(path, 'new\n', { mode: 0o600, ...each });
  expect(await modeOf(path)).toBe(0o600);
  const other = join(dir, 'other');
  expect(await replaceUserFile(other, '', each)).toBeUndefined();
  expect(await replaceUserFile(other, 'text', each)).toBeUndefined();
  expect([await readFile(other, 'utf8'), await modeOf(other)]).toEqual(['text', 0o600]);
});

test('a link that waits in the place of the backup is not written through', async () => {
  const { dir, path } = await makeFile(0o600);
  const victim = join(dir, 'victim');
  await writeFile(victim, 'theirs\n');
  await symlink(victim, `${path}.taskgate-backup`);
  expect(await replaceUserFile(path, 'new\n', each)).toBe(`${path}.taskgate-backup.1`);
  expect(await readFile(victim, 'utf8')).toBe('theirs\n');
  expect(await readFile(`${path}.taskgate-backup.1`, 'utf8')).toBe('old\n');
});

test.each([
  ['each', ['old', 'second', 'third'], ['.taskgate-backup', '.taskgate-backup.1', '.taskgate-backup.2']],
  // what comes later is not the user's own
  ['first', ['old'], ['.taskgate-backup', undefined, undefined]],
] as const)('backups: %s; the first one stays the text of the user', async (backups, texts, names) => {
  const { dir, path } = await makeFile(0o600);
  const made: (string | undefined)[] = [];
  for (const text of ['second\n', 'third\n', 'fourth\n']) made.push(await replaceUserFile(path, text, { backups }));
  expect(made).toEqual(names.map((name) => name && `${path}${name}`));
  const kept = (await readdir(dir)).filter((name) => name !== 'mine.yaml').toSorted();
  expect(await Promise.all(kept.map((name) => readFile(join(dir, name), 'utf8')))).toEqual(
    texts.map((text) => `${text}\n`),
  );
});

test.runIf(process.getuid?.() === 0)('every folder that root makes for a user is that of the user', async () => {
  const { dir } = await makeFile(0o600);
  await chown(dir, 65_534, 65_534);
  await ensureUserFolder(join(dir, 'a', 'b', 'c'));
  const owners = await Promise.all(['a', 'a/b', 'a/b/c'].map(async (name) => (await stat(join(dir, name))).uid));
  expect(owners).toEqual([65_534, 65_534, 65_534]);
});

test('a failed write leaves what was there, and no draft', async () => {
  const { dir } = await makeFile(0o600);
  const folder = join(dir, 'folder');
  await mkdir(join(folder, 'inner'), { recursive: true });
  await expect(writeFileAtomically(folder, 'text')).rejects.toMatchObject({ code: 'EISDIR' });
  expect((await readdir(dir)).toSorted()).toEqual(['folder', 'mine.yaml']);
});

test('several writes at once: each is whole, and no draft stays', async () => {
  const { dir, path } = await makeFile(0o600);
  const texts = Array.from({ length: 20 }, (_, index) => `${index}`.repeat(10_000));
  await Promise.all(texts.map((text) => writeFileAtomically(path, text)));
  expect(texts).toContain(await readFile(path, 'utf8'));
  expect(await readdir(dir)).toEqual(['mine.yaml']);
});

test('a real path has no link in it; what is not there yet keeps its name', async () => {
  const made = await makeFile(0o600);
  const dir = await realpath(made.dir);
  await mkdir(join(dir, 'real', 'inner'), { recursive: true });
  await symlink('real', join(dir, 'link'));
  await symlink('loop', join(dir, 'loop'));
  expect(await realPathOf(join(dir, 'link', 'inner'))).toBe(join(dir, 'real', 'inner'));
  expect(await realPathOf(join(dir, 'link', 'new', 'newer'))).toBe(join(dir, 'real', 'new', 'newer'));
  expect(await realPathOf(join(dir, 'loop', 'x'))).toBe(join(dir, 'loop', 'x'));
  expect(await realPathOf(join(dir, 'mine.yaml', 'x'))).toBe(join(dir, 'mine.yaml', 'x'));
});

describe('files that are too large, or that never end', () => {
  const told = (path: string, kib: number) =>
    expect.objectContaining({ id: 'usage.file-size', message: `${path} has more than ${kib} KiB` });

  test('are refused by their name', async () => {
    await expect(readTextFile('/dev/zero', 2 ** 16)).rejects.toEqual(told('/dev/zero', 64));
    await expect(findTextFile('/dev/zero')).rejects.toEqual(told('/dev/zero', 16_384));
    const path = join(await temporaryDir(), 'large');
    await writeFile(path, 'x'.repeat(1_025));
    await expect(readTextFile(path, 1_024)).rejects.toEqual(told(path, 1));
    expect(await readTextFile(path, 1_025)).toHaveLength(1_025);
  });

  test('but of a log of any size the last lines are read', async () => {
    const path = join(await temporaryDir(), 'log');
    await writeFile(path, `${'line\n'.repeat(100_000)}last but one\nlast\n`);
    expect(await findLastLines(path, 2)).toEqual(['last but one', 'last']);
    expect(await findLastLines(`${path}.none`, 2)).toEqual(['']);
  });
});
