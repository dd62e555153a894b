import { chown, mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { down } from '../../../src/commands/down/down.ts';
import { listBlockNames, rememberBlock } from '../../../src/instance/blocked.ts';
import { instanceDirOf } from '../../../src/instance/paths.ts';
import { makeUser } from '../../support/command-input.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

const flags = { purgeCache: false, force: false, ifExists: false };

const makeQuiet = async () => {
  const user = await makeUser();
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  return user;
};

test('a name of the command line that there is not is an error, with those that there are', async () => {
  const { input, begin } = await makeQuiet();
  await begin('ux1');
  await expect(down(input({ name: 'ux2' }), flags)).rejects.toMatchObject({
    id: 'environment.no-instance',
    message: 'instance ux2 does not exist; there are: ux1',
  });
});

test.each([
  '',
  '0',
  'soon',
  '20d',
])('--wait-for-tasks %j is refused before anything is looked at', async (waitForTasks) => {
  const { input, begin } = await makeQuiet();
  const instance = await begin('dev');
  await expect(down(input({ name: 'dev' }), { ...flags, waitForTasks })).rejects.toMatchObject({
    id: 'usage.duration',
    message: `--wait-for-tasks: '${waitForTasks}' is no duration`,
  });
  expect((await stat(instance.dir)).isDirectory()).toBe(true);
});

// without an instance nobody knows its provider, and a native one needs root
const asRoot = test.skipIf(process.getuid?.() !== 0);

asRoot('it is none with --if-exists, nor where the name is of the environment or there is only a folder', async () => {
  const { input, stateDir } = await makeQuiet();
  expect(await down(input({ name: 'ux2' }), { ...flags, ifExists: true })).toBe(0);
  expect(await down(input({}, false, { TASKGATE_NAME: 'ux2' }), flags)).toBe(0);
  await mkdir(join(stateDir, 'instances', 'ux2'), { recursive: true });
  expect(await down(input({ name: 'ux2' }), flags)).toBe(0);
});

asRoot('nor where the instance is gone and has left an unreachable route that is to go', async () => {
  const { input, stateDir } = await makeQuiet();
  await rememberBlock(instanceDirOf(stateDir, 'ux2'), '10.210.0.0/16');
  await expect(down(input({ name: 'ux2' }), flags)).rejects.toMatchObject({ id: 'environment.no-instance' });
  expect(await down(input({ name: 'ux2' }), { ...flags, forgetRoutes: true })).toBe(0);
  expect(await listBlockNames(stateDir)).toEqual([]);
});

/** A native instance whose journal was changed by another program, so that its cluster cannot be deleted. */
const begunAndChanged = async ({ begin }: Awaited<ReturnType<typeof makeUser>>) => {
  const instance = await begin('dev');
  await instance.journal({ kind: 'link', name: 'eth0' });
  await instance.journal({ kind: 'tunnels', process: { pid: 1, startTicks: 0, bootId: 'an earlier boot' } });
  return instance;
};

asRoot('what cannot be removed is named, also where a later step fails', async () => {
  const user = await makeUser();
  const instance = await begunAndChanged(user);
  const path = join(instance.dir, 'broken');
  await writeFile(path, 'clusters: [');
  await instance.change({ merged: { path, kubeContext: 'taskgate-dev' } });
  const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  await expect(down(user.input(), flags)).rejects.toMatchObject({ id: 'environment.journal' });
  const said = written.mock.calls.map(([text]) => String(text)).join('');
  expect(said).toMatch(
    /^note: left: context, cluster and user taskgate-dev in .*broken \(your kubeconfig is not YAML/m,
  );
});

asRoot('by sudo a down that fails leaves the files to who called it, as one that goes well', async () => {
  const user = await makeQuiet();
  const { dir } = await begunAndChanged(user);
  const instances = join(user.stateDir, 'instances');
  const home = join(user.stateDir, '..', '..');
  for (const path of [home, join(user.stateDir, '..'), user.stateDir, instances, dir]) await chown(path, 4321, 4322);
  const sudo = { SUDO_UID: '4321', SUDO_GID: '4322' };
  await expect(down(user.input({}, false, sudo), flags)).rejects.toMatchObject({ id: 'environment.journal' });
  const { uid, gid } = await stat(join(dir, 'instance.json'));
  expect([uid, gid]).toEqual([4321, 4322]);
});
