import { chmod, chown, mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { withInstanceLock } from '../../src/instance/lock.ts';
import { ensureStateFolder, findStateOwner, findSudoCaller } from '../../src/instance/state-folder.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

const isRoot = process.getuid?.() === 0;
const sudo = { SUDO_UID: '4321', SUDO_GID: '4322' };
const caller = { uid: 4321, gid: 4322 };

test('the caller of sudo', () => {
  expect(findSudoCaller(sudo, 0)).toEqual(caller);
  expect(findSudoCaller(sudo)).toEqual(isRoot ? caller : undefined);
});

test.each([
  ['without sudo', {}, 0],
  ['with half of what sudo sets', { SUDO_UID: '4321' }, 0],
  ['with the other half', { SUDO_GID: '4322' }, 0],
  ['in a process that sudo made another user’s', sudo, 4000],
])('no caller %s', (_, env, uid) => {
  expect(findSudoCaller(env, uid)).toBeUndefined();
});

const root = { uid: 0, gid: 0 };

test.skipIf(!isRoot).each([
  ["in the caller's home", caller, 0o755, undefined, caller],
  ["in root's home", root, 0o700, undefined, undefined],
  ["in root's home, given away by an earlier version", root, 0o700, caller, undefined],
  ["the caller's own below /tmp", root, 0o1777, caller, caller],
  ['new below /tmp', root, 0o1777, undefined, undefined],
  ["root's own below /tmp", root, 0o1777, root, undefined],
  ["in another user's home", { uid: 1234, gid: 1234 }, 0o755, undefined, undefined],
])('whose the state folder is: %s', async (_, homeOwner, mode, stateOwner, expected) => {
  const home = await temporaryDir();
  await chown(home, homeOwner.uid, homeOwner.gid);
  await chmod(home, mode);
  const stateDir = join(home, 'taskgate');
  if (stateOwner) {
    await mkdir(stateDir);
    await chown(stateDir, stateOwner.uid, stateOwner.gid);
  }
  expect(await findStateOwner(sudo, stateDir)).toEqual(expected);
  expect(await findStateOwner({}, stateDir)).toBeUndefined();
});

test.skipIf(!isRoot)(
  'what root makes on the way is the caller of sudo too, so that the next judgement is the same',
  async () => {
    const home = await temporaryDir();
    await chown(home, caller.uid, caller.gid);
    const stateDir = join(home, '.local', 'state', 'taskgate');
    await ensureStateFolder(sudo, stateDir);
    const owners = await Promise.all(
      ['.local', '.local/state'].map(async (name) => (await stat(join(home, name))).uid),
    );
    expect([...owners, (await stat(stateDir)).uid]).toEqual([4321, 4321, 4321]);
    expect(await findStateOwner(sudo, stateDir)).toEqual(caller);
  },
);

test.skipIf(!isRoot)("while root works, the lock's folder is the caller's, who can read the lock", async () => {
  const home = await temporaryDir();
  await chown(home, caller.uid, caller.gid);
  const locksDir = join(home, 'taskgate', 'locks');
  const input = { config: { name: 'dev' }, folders: { stateDir: join(home, 'taskgate') }, env: sudo };
  const look = () => Promise.all([stat(locksDir), stat(join(locksDir, 'dev'))]);
  const notes: string[] = [];
  const locked = { ...input, signal: new AbortController().signal };
  const [folder, lock] = await withInstanceLock(locked, look, (text) => notes.push(text));
  expect(notes).toEqual([]);
  expect(folder).toMatchObject({ ...caller, mode: expect.toSatisfy((mode: number) => (mode & 0o777) === 0o700) });
  expect(lock.mode & 0o044).toBe(0o044);
});

test('it is closed to others, also one that an earlier umask left open', async () => {
  const stateDir = join(await temporaryDir(), 'taskgate');
  await ensureStateFolder({}, stateDir);
  expect((await stat(stateDir)).mode & 0o777).toBe(0o700);
  await chmod(stateDir, 0o777);
  await ensureStateFolder({}, stateDir);
  expect((await stat(stateDir)).mode & 0o777).toBe(0o700);
});

test('one that is closed is left as it is', async () => {
  const stateDir = join(await temporaryDir(), 'taskgate');
  await mkdir(stateDir);
  await chmod(stateDir, 0o2700);
  await ensureStateFolder({}, stateDir);
  expect((await stat(stateDir)).mode & 0o7777).toBe(0o2700);
});

test.skipIf(!isRoot)('another user’s is for that user to close', async () => {
  const stateDir = join(await temporaryDir(), 'taskgate');
  await mkdir(stateDir);
  await chmod(stateDir, 0o755);
  await chown(stateDir, caller.uid, caller.gid);
  await ensureStateFolder(sudo, stateDir);
  expect((await stat(stateDir)).mode & 0o777).toBe(0o755);
});
