import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { chooseRoot, findCheckout } from '../../../src/commands/master-root/choose.ts';
import { findStaticOfCwd, wheelsOf } from '../../../src/instance/master-root.ts';
import { commandContext } from '../../support/context.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

const fill = async (root: string, version = '0.38.1'): Promise<string> => {
  await mkdir(join(root, 'static'), { recursive: true });
  await mkdir(wheelsOf(root), { recursive: true });
  await writeFile(join(wheelsOf(root), `determined-${version}-py3-none-any.whl`), '');
  return root;
};

/** A machine with nothing on it: where things would be. */
const setUp = async () => {
  const home = await temporaryDir();
  const checkout = join(home, 'src/determined');
  const makeCheckout = async () => {
    await mkdir(join(checkout, 'master/static/srv'), { recursive: true });
    await mkdir(join(checkout, 'tools'));
    await writeFile(join(checkout, 'tools/Makefile'), '');
  };
  const { config } = commandContext({ folders: { stateDir: home, cacheDir: home } });
  const [own, installed] = [join(home, 'master-root'), join(home, 'installed')];
  const choose = (
    master: Partial<typeof config.master> = {},
    { cwd = home, recorded }: { cwd?: string; recorded?: string } = {},
  ) => chooseRoot({ config: { master: { ...config.master, ...master } }, cwd, recorded, own, installed });
  return { home, checkout, makeCheckout, own, installed, choose, prepared: join(checkout, 'tools/build') };
};

test('where nothing is, the instance makes its own, with static/ of the checkout where the master starts', async () => {
  const { choose } = await setUp();
  expect(await choose()).toEqual({ from: 'instance', staticDir: findStaticOfCwd() });
});

test('a checkout in which `make -C tools prep-root` was run, from each folder of it', async () => {
  const { choose, makeCheckout, checkout, prepared, home } = await setUp();
  await makeCheckout();
  await fill(prepared);
  expect(await choose({}, { cwd: checkout })).toEqual({ from: 'checkout', path: prepared });
  expect(await choose({}, { cwd: join(checkout, 'master/static') })).toEqual({ from: 'checkout', path: prepared });
  expect(await choose({}, { cwd: home }), 'elsewhere').toMatchObject({ from: 'instance' });
});

test('a checkout without it lends its static/', async () => {
  const { choose, makeCheckout, checkout, prepared } = await setUp();
  await makeCheckout();
  const lent = { from: 'instance', staticDir: join(checkout, 'master/static') };
  expect(await choose({}, { cwd: checkout }), 'no tools/build').toEqual(lent);
  await mkdir(wheelsOf(prepared), { recursive: true });
  await mkdir(join(prepared, 'static'));
  expect(await choose({}, { cwd: checkout }), 'no wheel in it').toEqual(lent);
  await fill(prepared);
  expect(await choose({ version: '0.37.0' }, { cwd: checkout }), 'of another version').toEqual(lent);
});

test('what the instance had stays while it is complete, also from another folder', async () => {
  const { choose, home } = await setUp();
  const recorded = await fill(join(home, 'before'));
  expect(await choose({}, { recorded })).toEqual({ from: 'record', path: recorded });
  expect(await choose({ version: '0.37.0' }, { recorded })).toMatchObject({ from: 'instance' });
  expect(await choose({}, { recorded: join(home, 'gone') })).toMatchObject({ from: 'instance' });
});

test("an installed master's, whole or only its static/", async () => {
  const { choose, installed } = await setUp();
  await mkdir(join(installed, 'static'), { recursive: true });
  expect(await choose()).toEqual({ from: 'instance', staticDir: join(installed, 'static') });
  await fill(installed);
  expect(await choose()).toEqual({ from: 'package', path: installed });
});

test("the instance's own is no choice; where its static leads stays", async () => {
  const { choose, own, home, installed } = await setUp();
  await mkdir(own);
  await mkdir(join(home, 'static'));
  await symlink(join(home, 'static'), join(own, 'static'));
  await mkdir(join(installed, 'static'), { recursive: true });
  expect(await choose({}, { recorded: own })).toEqual({ from: 'instance', staticDir: undefined });
  await fill(own);
  expect(await choose({}, { recorded: own })).toEqual({ from: 'instance', staticDir: undefined });
});

test('a setting wins over all, complete or not, as it is seen from the folder where taskgate was started', async () => {
  const { choose, home, installed, makeCheckout, checkout, prepared } = await setUp();
  await fill(installed);
  await makeCheckout();
  await fill(prepared);
  expect(await choose({ root: '/r' }, { cwd: checkout })).toEqual({ from: 'setting', path: '/r' });
  expect(await choose({ root: 'src/x' })).toEqual({ from: 'setting', path: join(home, 'src/x') });
});

test('no checkout: another project with a folder master', async () => {
  const dir = await temporaryDir();
  await mkdir(join(dir, 'master/static/srv'), { recursive: true });
  expect(await findCheckout(dir)).toBeUndefined();
});
