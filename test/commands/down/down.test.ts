import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { down } from '../../../src/commands/down/down.ts';
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

// without an instance nobody knows its provider, and a native one needs root
const asRoot = test.skipIf(process.getuid?.() !== 0);

asRoot('it is none with --if-exists, nor where the name is of the environment or there is only a folder', async () => {
  const { input, stateDir } = await makeQuiet();
  expect(await down(input({ name: 'ux2' }), { ...flags, ifExists: true })).toBe(0);
  expect(await down(input({}, false, { TASKGATE_NAME: 'ux2' }), flags)).toBe(0);
  await mkdir(join(stateDir, 'instances', 'ux2'), { recursive: true });
  expect(await down(input({ name: 'ux2' }), flags)).toBe(0);
});
