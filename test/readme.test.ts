import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { settings } from '../src/config/settings.ts';

const readme = readFileSync(join(import.meta.dirname, '..', 'README.md'), 'utf8');
const sources = join(import.meta.dirname, '..', 'package.json');

test.each(settings)('the README has the row of $path as it is', (setting) => {
  const byDefault = 'default' in setting ? `\`${setting.default}\`` : '';
  expect(readme).toContain(`| \`${setting.path}\` | ${byDefault} | ${setting.description} |`);
});

test('every npm script that the README names exists', () => {
  const { scripts } = JSON.parse(readFileSync(sources, 'utf8')) as { scripts: Record<string, string> };
  const named = [...readme.matchAll(/npm run ([a-z0-9:-]+)/g)].map(([, name = '']) => name);
  expect(named.filter((name) => !(name in scripts))).toEqual([]);
});
