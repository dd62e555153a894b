import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ensureAdminPassword, findAdminPassword, generatePassword } from '../../src/instance/admin-password.ts';
import { losesTypeInDevcluster, resolvePlain } from '../../src/master/schema/scalars.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

test('passwords differ, have every kind of character, and survive YAML, shells and devcluster', () => {
  const passwords = Array.from({ length: 500 }, generatePassword);
  expect(new Set(passwords).size).toBe(500);
  for (const password of passwords) {
    expect(password).toMatch(/^[a-z][a-zA-Z2-9]{23}$/);
    expect(password).toMatch(/[A-Z]/);
    expect(password).toMatch(/[2-9]/);
    expect(resolvePlain(password).kind).toBe('string');
    expect(losesTypeInDevcluster(password)).toBe(false);
  }
});

test('it is made once, for its owner only', async () => {
  const dir = await temporaryDir();
  const path = join(dir, 'admin-password');
  expect(await findAdminPassword({ dir })).toBeUndefined();
  await ensureAdminPassword({ dir });
  const password = await findAdminPassword({ dir });
  expect(password).toMatch(/^[a-z][a-zA-Z2-9]{23}$/);
  expect(await readFile(path, 'utf8')).toBe(`${password}\n`);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  await ensureAdminPassword({ dir });
  expect(await findAdminPassword({ dir })).toBe(password);
});

test('an empty file has none, and gets one', async () => {
  const dir = await temporaryDir();
  await writeFile(join(dir, 'admin-password'), '\n');
  expect(await findAdminPassword({ dir })).toBeUndefined();
  await ensureAdminPassword({ dir });
  expect(await findAdminPassword({ dir })).toHaveLength(24);
});
