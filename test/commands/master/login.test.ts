import { expect, test } from 'vitest';
import { describeLogin } from '../../../src/commands/master/login.ts';
import { ensureAdminPassword, findAdminPassword } from '../../../src/instance/admin-password.ts';
import { instancePaths } from '../../../src/instance/paths.ts';
import { finishedInstance } from '../../support/finished-instance.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

const setUp = async () => {
  const instance = await finishedInstance(await temporaryDir(), 'dev');
  await ensureAdminPassword(instance);
  const password = await findAdminPassword(instance);
  return { instance, password, path: instancePaths(instance.dir).passwordPath };
};
const url = 'http://127.0.0.1:8080';

test('the run that made the users shows their password, later ones name its file', async () => {
  const { instance, password, path } = await setUp();
  const begin = `Determined runs at ${url}: log in as admin or determined, `;
  expect(await describeLogin({ url, how: 'started', isNew: true }, instance)).toBe(
    `${begin}password ${password} (kept in ${path}).`,
  );
  for (const how of ['started', 'running'] as const)
    expect(await describeLogin({ url, how, isNew: false }, instance)).toBe(`${begin}password in ${path}.`);
});

test('of a master of the user nothing is known to log in with', async () => {
  const { instance, password } = await setUp();
  const text = await describeLogin({ url, how: 'yours', isNew: false }, instance);
  expect(text).toBe(`Your own master at ${url} was used as it is.`);
  expect(text).not.toContain(password);
});
