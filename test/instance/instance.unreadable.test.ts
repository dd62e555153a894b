import { access, chmod, mkdir, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import {
  abandonInstance,
  createInstance,
  findInstance,
  type Instance,
  removeInstance,
  setDamagedRecordAside,
} from '../../src/instance/instance.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

const isRoot = process.getuid?.() === 0;
let stateDir: string;
let instance: Instance;
beforeEach(async () => {
  stateDir = await temporaryDir();
  instance = await createInstance(stateDir, { name: 'dev', provider: 'native' });
});

const recordPath = () => join(instance.dir, 'instance.json');

/** Nobody but root can read a record whose mode is 0. */
const asUser = async <T>(work: () => Promise<T>): Promise<T> => {
  await chmod(recordPath(), 0);
  for (const path of [stateDir, join(stateDir, 'instances'), instance.dir]) await chmod(path, 0o755);
  if (isRoot) process.seteuid?.(65_534);
  try {
    return await work();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
};

test.each<[string, (dir: string) => Promise<unknown>]>([
  ['opened', () => findInstance(stateDir, 'dev')],
  ['set aside by --force, for it may be a good one', () => setDamagedRecordAside(stateDir, 'dev')],
])('a record of root is not %s', async (_, work) => {
  await asUser(() =>
    expect(work(stateDir)).rejects.toMatchObject({
      id: 'environment.instance-of-root',
      message: `only root may read ${recordPath()}`,
      hint: 'an up under sudo is running or was killed: wait for it, run it again, or run: taskgate down --name dev',
      cause: expect.objectContaining({ code: 'EACCES' }),
    }),
  );
  expect((await stat(recordPath())).isFile()).toBe(true);
});

test('a damaged record is set aside, once; what is wrong is told', async () => {
  await truncate(recordPath(), 5);
  expect(await setDamagedRecordAside(stateDir, 'dev')).toBe(`${recordPath()} is damaged`);
  expect((await stat(`${recordPath()}.damaged`)).size).toBe(5);
  expect(await setDamagedRecordAside(stateDir, 'dev')).toBeUndefined();
});

test('a record that is too large for one is named, and is not set aside', async () => {
  await truncate(recordPath(), 17 * 2 ** 20);
  await expect(setDamagedRecordAside(stateDir, 'dev')).rejects.toMatchObject({ id: 'usage.file-size' });
  expect((await stat(recordPath())).isFile()).toBe(true);
});

test('what stands in the place of a record is the system’s to explain, and is not set aside', async () => {
  await mkdir(join(stateDir, 'instances', 'other', 'instance.json'), { recursive: true });
  await expect(findInstance(stateDir, 'other')).rejects.toMatchObject({ code: 'EISDIR' });
  await expect(setDamagedRecordAside(stateDir, 'other')).rejects.toMatchObject({ code: 'EISDIR' });
});

test.each([
  ['removed', removeInstance],
  ['abandoned', abandonInstance],
])('an instance whose folder is gone is %s once more', async (_, again) => {
  await removeInstance(instance);
  await again(instance);
  await expect(access(instance.dir)).rejects.toMatchObject({ code: 'ENOENT' });
});
