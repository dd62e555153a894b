import { lstat, mkdir, readdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fillMasterRoot, findStaticOfCwd, hasWheelOf, lookAtRoot, wheelsOf } from '../../src/instance/master-root.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

const wheel = 'determined-0.38.1-py3-none-any.whl';

const makeRoot = async (names: readonly string[], { withStatic = true } = {}) => {
  const root = join(await temporaryDir(), 'root');
  await mkdir(wheelsOf(root), { recursive: true });
  for (const name of names) await writeFile(join(wheelsOf(root), name), name);
  if (withStatic) await mkdir(join(root, 'static'));
  return root;
};

describe('what a master finds below its root', () => {
  test.each([
    ['all that it needs', [wheel], true, { hasStatic: true, wheels: [wheel] }],
    ['a wheel alone', [wheel], false, { hasStatic: false, wheels: [wheel] }],
    ['other wheels', ['numpy-1.0-py3-none-any.whl', 'determined.txt'], true, { hasStatic: true, wheels: [] }],
    ['no wheel', [], true, { hasStatic: true, wheels: [] }],
  ])('%s', async (_, names, withStatic, found) => {
    expect(await lookAtRoot(await makeRoot(names, { withStatic }))).toEqual({ found });
  });

  test('no folder, a file in its place, a folder without wheels/', async () => {
    const dir = await temporaryDir();
    await writeFile(join(dir, 'file'), '');
    await mkdir(join(dir, 'master/static'), { recursive: true });
    expect(await lookAtRoot(join(dir, 'gone'))).toEqual({});
    expect(await lookAtRoot(join(dir, 'file'))).toEqual({});
    expect(await lookAtRoot(join(dir, 'file/below'))).toEqual({});
    expect(await lookAtRoot(join(dir, 'master'))).toEqual({ found: { hasStatic: true, wheels: [] } });
  });

  test('links are followed, as in tools/build of a checkout', async () => {
    const root = await makeRoot([wheel]);
    const link = join(await temporaryDir(), 'build');
    await symlink(root, link);
    expect(await lookAtRoot(link)).toEqual({ found: { hasStatic: true, wheels: [wheel] } });
  });
});

test.each([
  [[wheel], undefined, true],
  [[wheel], '0.38.1', true],
  [[wheel], '0.38.0', false],
  [[wheel, 'determined-0.38.0-py3-none-any.whl'], '0.38.0', true],
  [['determined-0.38.1.dev0-py3-none-any.whl'], '0.38.1', true],
  [[], undefined, false],
  [[], '0.38.1', false],
])('of %j a master %s takes one: %s', (wheels, version, expected) => {
  expect(hasWheelOf({ found: { hasStatic: true, wheels } }, version)).toBe(expected);
  expect(hasWheelOf({}, version)).toBe(false);
});

describe('the root that an instance has for a master', () => {
  const setUp = async () => {
    const dir = await temporaryDir();
    const path = join(dir, wheel);
    await writeFile(path, 'zip');
    return { dir, path, root: join(dir, 'master-root') };
  };

  test('gets the wheel, for its owner only, and a link to static/', async () => {
    const { dir, path, root } = await setUp();
    await mkdir(join(dir, 'static'));
    await fillMasterRoot(root, { wheel: path, staticDir: join(dir, 'static') });
    expect(await lookAtRoot(root)).toEqual({ found: { hasStatic: true, wheels: [wheel] } });
    expect(await readFile(join(wheelsOf(root), wheel), 'utf8')).toBe('zip');
    expect((await stat(join(wheelsOf(root), wheel))).mode & 0o777).toBe(0o600);
    expect((await stat(root)).mode & 0o777).toBe(0o700);
    expect(await readlink(join(root, 'static'))).toBe(join(dir, 'static'));
  });

  test('a second time nothing is written; a damaged wheel is', async () => {
    const { path, root } = await setUp();
    const file = join(wheelsOf(root), wheel);
    await fillMasterRoot(root, { wheel: path, staticDir: '/a' });
    const before = (await stat(file)).ino;
    await fillMasterRoot(root, { wheel: path, staticDir: '/a' });
    expect((await stat(file)).ino).toBe(before);
    await writeFile(file, 'zi');
    await fillMasterRoot(root, { wheel: path });
    expect(await readFile(file, 'utf8')).toBe('zip');
    expect(await readlink(join(root, 'static')), 'what is there stays').toBe('/a');
    expect((await readdir(root)).toSorted()).toEqual(['static', 'wheels']);
  });

  test('wheels of other versions stay, for a master that runs; static leads elsewhere', async () => {
    const { dir, path, root } = await setUp();
    await fillMasterRoot(root, { wheel: path, staticDir: '/a' });
    const other = join(dir, 'determined-0.37.0-py3-none-any.whl');
    await writeFile(other, 'old');
    await fillMasterRoot(root, { wheel: other, staticDir: '/b' });
    expect((await lookAtRoot(root)).found?.wheels).toEqual(['determined-0.37.0-py3-none-any.whl', wheel]);
    expect(await readlink(join(root, 'static'))).toBe('/b');
  });

  test('a link in the place of its folders is replaced, and what it led to stays as it was', async () => {
    const { dir, path, root } = await setUp();
    await mkdir(join(dir, 'theirs'));
    await symlink(join(dir, 'theirs'), root);
    await fillMasterRoot(root, { wheel: path });
    expect((await lstat(root)).isSymbolicLink()).toBe(false);
    expect(await readdir(join(dir, 'theirs'))).toEqual([]);
    expect((await lookAtRoot(root)).found?.wheels).toEqual([wheel]);
  });

  test.runIf(process.platform === 'linux')(
    'static of the folder where the master starts counts from anywhere',
    async () => {
      const { root } = await setUp();
      await fillMasterRoot(root, { staticDir: findStaticOfCwd() ?? '' });
      expect(await lookAtRoot(root)).toEqual({ found: { hasStatic: true, wheels: [] } });
    },
  );
});
