import { expect, test } from 'vitest';
import { generatePassword } from '../../src/instance/admin-password.ts';
import { losesTypeInDevcluster, resolvePlain } from '../../src/master/schema/scalars.ts';

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
