import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { printableConfig } from '../../src/config/redact.ts';

test('the settings as loaded and as shown hold no password, and are otherwise the same', async () => {
  const load = async (flags: Readonly<Record<string, string>>) =>
    (await loadConfig({ cwd: '/nowhere', env: {}, flags, check: () => [] })).config;
  const secret = await load({ mirror: 'https://me:secret@host/files' });
  expect(printableConfig(secret)).toEqual({ ...secret, mirror: 'https://host/files' });
  const shown = JSON.stringify(secret) + inspect(secret, { depth: 9 }) + inspect(secret.mirror?.authorization);
  expect(shown).not.toMatch(/secret|bWU6c2VjcmV0/);
  expect(secret.mirror?.authorization?.()).toBe('Basic bWU6c2VjcmV0');
  const plain = await load({});
  expect(printableConfig(plain)).toEqual(plain);
});
