import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findRootWarnings } from '../../../src/commands/config/roots.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

/** A checkout in which `make -C tools prep-root` was run; `master` is what taskgate wrote as root once. */
const makeCheckout = async () => {
  const dir = await temporaryDir();
  for (const path of ['master/static', 'tools/build/static', 'tools/build/wheels']) {
    await mkdir(join(dir, path), { recursive: true });
  }
  await writeFile(join(dir, 'tools/build/wheels/determined-0.38.1-py3-none-any.whl'), '');
  return dir;
};

test('root: master, in a checkout, has no wheel', async () => {
  const dir = await makeCheckout();
  expect(await findRootWarnings('port: 8080\nroot: master\n', dir)).toEqual([
    {
      ...{ path: 'root', line: 2, column: 7, severity: 'warning' },
      message: `${dir}/master/wheels has no wheel of determined: tasks whose image lacks the package do not start, if the master is started in ${dir}`,
      hint: expect.stringContaining('make -C tools prep-root'),
    },
  ]);
});

test('tools/build has one, from there and by its whole path; from elsewhere a relative one leads nowhere', async () => {
  const [dir, elsewhere] = [await makeCheckout(), await temporaryDir()];
  expect(await findRootWarnings('root: tools/build\n', dir)).toEqual([]);
  expect(await findRootWarnings(`root: ${dir}/tools/build\n`, elsewhere)).toEqual([]);
  expect(await findRootWarnings('root: tools/build\n', elsewhere)).toMatchObject([
    {
      message: `there is no folder ${elsewhere}/tools/build on this machine, if the master is started in ${elsewhere}`,
      hint: 'a master on another one needs it there',
    },
  ]);
});

test("devcluster's cwd is where its master is started", async () => {
  const [dir, elsewhere] = [await makeCheckout(), await temporaryDir()];
  const text = (root: string) => `cwd: ${dir}\nstages:\n- master:\n    config_file:\n      root: ${root}\n`;
  expect(await findRootWarnings(text('tools/build'), elsewhere)).toEqual([]);
  expect(await findRootWarnings(text('master'), elsewhere)).toMatchObject([
    { path: 'stages[0].master.config_file.root', message: expect.stringContaining(`started in ${dir}`) },
  ]);
});

test('without the key nothing is said of a machine on which no master is installed', async () => {
  expect(await findRootWarnings('port: 8080\n', await temporaryDir())).toEqual([]);
});
