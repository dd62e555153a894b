import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { flagOf, settings } from '../src/config/settings.ts';

const root = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const readme = read('README.md');
const pages = [
  'README.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

const matchesOf = (text: string, pattern: RegExp): readonly string[] =>
  [...text.matchAll(pattern)].map(([, found = '']) => found);

const sourceFiles = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => read(join('src', name)));

test.each(settings)('the README has the row of $path as it is', (setting) => {
  const byDefault = 'default' in setting ? `\`${setting.default}\`` : '';
  expect(readme).toContain(`| \`${setting.path}\` | ${byDefault} | ${setting.description} |`);
});

test.each(pages)('every npm script that %s names exists', (page) => {
  const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: Record<string, string> };
  const named = matchesOf(read(page), /npm run ([a-z0-9:-]+)/g);
  expect(named.filter((name) => !(name in scripts))).toEqual([]);
});

test.each(pages)('every file that %s links to exists', (page) => {
  const links = matchesOf(read(page), /\]\((?!https?:)([^)#]+)[^)]*\)/g);
  expect(links.filter((link) => !existsSync(join(root, dirname(page), link)))).toEqual([]);
});

test('every page is reached from the README', () => {
  const linked = pages.flatMap((page) =>
    matchesOf(read(page), /\]\(([a-z./-]+\.md)\)/g).map((link) => join(dirname(page), link)),
  );
  expect(pages.filter((page) => page !== 'README.md' && !linked.includes(page))).toEqual([]);
});

/** Flags of `ssh`, `kubectl`, `minikube` and the like that pages speak of. */
const flagsOfOthers = [
  ...['--force', '--embed-certs', '--keep-context', '--interactive', '--container-runtime'],
  ...['--cni', '--k3s-arg', '--disable', '--profile', '--only', '--quick'],
];

test.each(pages)('every flag that %s names is one of ours or known to be of others', (page) => {
  const ours = [
    ...settings.map(({ path }) => flagOf(path)),
    ...sourceFiles.flatMap((text) => matchesOf(text, /option\(\s*'(--[a-z-]+)/gi)),
  ];
  const named = new Set(matchesOf(read(page), /(?<![\w-])(--[a-z][a-z-]+)/g));
  expect([...named].filter((flag) => !ours.includes(flag) && !flagsOfOthers.includes(flag))).toEqual([]);
});

/** What looks like an id and is a setting or a file. */
const noIds = [...settings.map(({ path }) => path as string), 'gateway.name', 'tunnel.log', 'tunnel.sock'];
const idPattern = /'((?:usage|environment|artifact|cluster|gateway|tunnel|proof)\.[a-z-]+)'/g;

test('docs/troubleshooting.md has every id of an error, and none that is no more', () => {
  const thrown = new Set(sourceFiles.flatMap((text) => matchesOf(text, idPattern)).filter((id) => !noIds.includes(id)));
  const told = new Set(pages.flatMap((page) => matchesOf(read(page), /`\[([a-z]+\.[a-z-]+)\]`/g)));
  const inTable = new Set(matchesOf(read('docs/troubleshooting.md'), /`\[([a-z]+\.[a-z-]+)\]`/g));
  expect([...thrown].filter((id) => !inTable.has(id))).toEqual([]);
  expect([...told].filter((id) => !thrown.has(id))).toEqual([]);
});
