import {
  chmod,
  chown,
  lchown,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  readlink,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { verifyNamedFile, verifyRegular, writeNamedFile } from '../../../src/lib/trust/named-file.ts';
import { trustedUids } from '../../../src/lib/trust/users.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

const isRoot = process.getuid?.() === 0;
const stranger = 4321;
const trusted = trustedUids({});
const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o7777;

test('a file that is not there: made with its folders, for its owner only', async () => {
  const dir = await temporaryDir();
  const path = join(dir, 'a', 'b', 'out.txt');
  await writeNamedFile(path, 'text', { trusted });
  expect(await readFile(path, 'utf8')).toBe('text');
  expect([await modeOf(path), await modeOf(join(dir, 'a'))]).toEqual([0o600, 0o700]);
});

test.each([
  [undefined, 0o640],
  [0o600, 0o600],
])('a file, mode given: %s: replaced as a whole, with mode %i', async (given, mode) => {
  const dir = await temporaryDir();
  const path = join(dir, 'out.txt');
  await writeFile(path, 'a longer text');
  await chmod(path, 0o640);
  const reader = await open(path);
  await writeNamedFile(path, 'text', { trusted, ...(given && { mode: given }) });
  expect([await readFile(path, 'utf8'), await modeOf(path)]).toEqual(['text', mode]);
  expect(await reader.readFile('utf8')).toBe('a longer text');
  await reader.close();
  expect(await readdir(dir)).toEqual(['out.txt']);
});

test.runIf(isRoot)('the owner of a file stays', async () => {
  const path = join(await temporaryDir(), 'out.txt');
  await writeFile(path, '');
  await chown(path, stranger, stranger);
  await writeNamedFile(path, 'text', { trusted });
  expect(await stat(path)).toMatchObject({ uid: stranger, gid: stranger });
});

test.each([
  ['a link', 'old'],
  ['a link to nothing', undefined],
])('%s stays, and what it names is written', async (_, before) => {
  const dir = await temporaryDir();
  await mkdir(join(dir, 'shared'));
  const [link, target] = [join(dir, 'out.txt'), join(dir, 'shared', 'real.txt')];
  if (before !== undefined) await writeFile(target, before);
  await symlink('inner', link);
  await symlink('shared/real.txt', join(dir, 'inner'));
  await writeNamedFile(link, 'text', { trusted });
  expect([await readlink(link), await readFile(target, 'utf8')]).toEqual(['inner', 'text']);
});

test('a link that names itself is refused', async () => {
  const path = join(await temporaryDir(), 'out.txt');
  await symlink('out.txt', path);
  await expect(writeNamedFile(path, 'text', { trusted })).rejects.toMatchObject({
    id: 'usage.output',
    message: `cannot write ${path}: there are too many links`,
  });
});

test('a FIFO stays one, and its reader gets the text', async () => {
  const path = join(await temporaryDir(), 'pipe');
  await execa('mkfifo', [path]);
  const [read] = await Promise.all([readFile(path, 'utf8'), writeNamedFile(path, 'text', { trusted })]);
  expect(read).toBe('text');
  expect((await lstat(path)).isFIFO()).toBe(true);
  await expect(verifyRegular(path, trusted)).rejects.toMatchObject({ id: 'usage.output' });
});

test('an open file of this process is written where it stands', async () => {
  const path = join(await temporaryDir(), 'out.txt');
  const file = await open(path, 'w');
  await file.write('first, ');
  await writeNamedFile(`/dev/fd/${file.fd}`, 'second', { trusted });
  await file.write(', third');
  await file.close();
  expect(await readFile(path, 'utf8')).toBe('first, second, third');
});

test('a folder is refused before anything is written', async () => {
  const dir = await temporaryDir();
  const refusal = {
    id: 'usage.output',
    message: `cannot write ${dir}: it is a folder`,
    hint: 'give the path of a file',
  };
  await expect(verifyNamedFile(dir, trusted)).rejects.toMatchObject(refusal);
  await expect(writeNamedFile(dir, 'text', { trusted })).rejects.toMatchObject(refusal);
  expect(await readdir(dir)).toEqual([]);
});

test('a path through a file is refused with what the system says', async () => {
  const path = join(await temporaryDir(), 'file');
  await writeFile(path, '');
  await expect(writeNamedFile(join(path, 'out.txt'), 'text', { trusted })).rejects.toMatchObject({
    id: 'usage.output',
    message: expect.stringContaining(`cannot write ${path}/out.txt: ENOTDIR`),
    hint: 'give a file in a folder that you may write to',
  });
});

/** A folder as /tmp is. */
const openFolder = async (): Promise<string> => {
  const dir = join(await temporaryDir(), 'open');
  await mkdir(dir);
  await chmod(dir, 0o1777);
  return dir;
};

test.runIf(isRoot).each(['link', 'file'] as const)('a %s that another user put into an open folder', async (kind) => {
  const dir = await openFolder();
  const [path, victim] = [join(dir, 'out.txt'), join(await temporaryDir(), 'victim')];
  await writeFile(victim, 'old');
  if (kind === 'link') await symlink(victim, path);
  else await writeFile(path, 'old');
  await lchown(path, stranger, stranger);
  await expect(writeNamedFile(path, 'secret', { trusted })).rejects.toMatchObject({
    id: 'usage.output',
    message: `cannot write ${path}: it belongs to user ${stranger}, and everybody may write to its folder`,
    hint: 'remove it, or name a file in a folder of your own',
  });
  expect([await readFile(victim, 'utf8'), await readFile(path, 'utf8')]).toEqual(['old', 'old']);
  // who called sudo is trusted
  await writeNamedFile(path, 'text', { trusted: trustedUids({ SUDO_UID: String(stranger) }) });
  expect(await readFile(path, 'utf8')).toBe('text');
});

const caller = { uid: stranger, gid: stranger };

test.runIf(isRoot).each([
  ['the folder of the caller', caller, 0o755, stranger],
  ['an open folder', { uid: 0, gid: 0 }, 0o1777, stranger],
  ['a folder of root', { uid: 0, gid: 0 }, 0o755, 0],
  ['a folder of another user', { uid: 1234, gid: 1234 }, 0o755, 0],
])('a new file under sudo, in %s', async (_, owner, mode, expected) => {
  const dir = await temporaryDir();
  await chown(dir, owner.uid, owner.gid);
  await chmod(dir, mode);
  const path = join(dir, 'reports', 'out.txt');
  await writeNamedFile(path, 'text', { trusted: trustedUids({ SUDO_UID: String(stranger) }), caller });
  expect([(await stat(path)).uid, (await stat(join(dir, 'reports'))).uid]).toEqual([expected, expected]);
});
