import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findPassword } from '../../../src/commands/smoke/password.ts';
import { ensureAdminPassword, findAdminPassword } from '../../../src/instance/admin-password.ts';
import { createInstance } from '../../../src/instance/instance.ts';
import { commandContext } from '../../support/context.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

const setUp = async (...names: readonly string[]) => {
  const home = await temporaryDir();
  const stateDir = join(home, 'state');
  for (const name of names) {
    const instance = await createInstance(stateDir, { name, provider: 'attach' });
    await ensureAdminPassword(instance);
  }
  const context = commandContext({ name: 'west', folders: { stateDir, cacheDir: join(home, 'cache') } });
  const fileOf = (name: string) => join(stateDir, 'instances', name, 'admin-password');
  return { home, context, fileOf, passwordOf: (name: string) => findAdminPassword({ dir: join(fileOf(name), '..') }) };
};

test('that of the instance; where others have their own, their files are named, and no password', async () => {
  const { context, fileOf, passwordOf } = await setUp('east', 'west');
  const { password, passwordHint } = await findPassword(context, {});
  expect(password).toBe(await passwordOf('west'));
  expect(passwordHint).toBe(
    `the password was the admin-password of instance west; a master of several instances has the one of the instance that was named first: --master-password-file ${fileOf('east')}; a master keeps the one of its database's first start: correct the password, or --master-user`,
  );
  expect(passwordHint).not.toContain(await passwordOf('east'));
});

test('alone, or with the others of the same password, there is no other to try', async () => {
  const { context, passwordOf, fileOf } = await setUp('east', 'west');
  await writeFile(fileOf('east'), `${await passwordOf('west')}\n`);
  expect((await findPassword(context, {})).passwordHint).not.toContain('named first');
});

test('a file goes before DET_PASS, and that before the instance', async () => {
  const { context, home } = await setUp('west');
  const file = join(home, 'password');
  await writeFile(file, 'from-file\n', { mode: 0o600 });
  const env = { DET_PASS: 'from-variable' };
  expect(await findPassword({ ...context, env }, { masterPasswordFile: file })).toMatchObject({
    ...{ password: 'from-file', passwordHint: expect.stringContaining(`from ${file}`) },
  });
  expect(await findPassword({ ...context, env }, {})).toEqual({
    password: 'from-variable',
    passwordHint:
      "the password was from the variable DET_PASS; a master keeps the one of its database's first start: correct the password, or --master-user",
  });
  await chmod(file, 0o644);
  await expect(findPassword(context, { masterPasswordFile: file })).rejects.toMatchObject({
    id: 'usage.password-file',
  });
});
