import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { flagOf, settings } from '../src/config/settings.ts';

const root = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const readme = read('README.md');

/** A page without its blocks of code, and without any code: what looks like a link or heading there is none. */
const withoutBlocks = (page: string): string => read(page).replaceAll(/^```[\s\S]*?^```/gm, '');
const prose = (page: string): string => withoutBlocks(page).replaceAll(/`[^`]*`/g, '');
const pages = globSync(['*.md', 'docs/**/*.md', '.github/**/*.md'], { cwd: root }).toSorted();

const matchesOf = (text: string, pattern: RegExp): readonly string[] =>
  [...text.matchAll(pattern)].map(([, found = '']) => found);

const sourceFiles = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => read(join('src', name)));

test.each(settings)('the README has the row of $path as it is', (setting) => {
  const byDefault = 'default' in setting ? `\`${setting.default}\`` : '';
  expect(readme).toContain(`| \`${setting.path}\` | ${byDefault} | ${setting.description} |`);
});

test('the README has one row of each setting, and one default', () => {
  const rows = matchesOf(readme, /^\| `([\w.]+)` \|/gm).filter((name) => settings.some(({ path }) => path === name));
  expect(rows.filter((name, index) => rows.indexOf(name) !== index)).toEqual([]);
});

test.each(pages)('every npm script that %s names exists', (page) => {
  const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: Record<string, string> };
  const named = matchesOf(read(page), /npm run ([a-z0-9:-]+)/g);
  expect(named.filter((name) => !(name in scripts))).toEqual([]);
});

test.each(pages)('every file that %s links to exists', (page) => {
  const links = matchesOf(prose(page), /\]\((?!https?:)([^)#]+)[^)]*\)/g);
  expect(links.filter((link) => !existsSync(join(root, dirname(page), link)))).toEqual([]);
});

const folders = ['src', 'scripts', 'test', 'templates', 'docs', 'examples', '.ci', '.github'];
const ownPath = new RegExp(
  `(?<![\\w./~-])((?:${folders.map((name) => name.replace('.', '\\.')).join('|')})/[\\w./-]*\\w/?)`,
  'g',
);

/** `src/cluster/NAME/`, `templates/go/MODULE`: a word for what the reader puts there. */
const isPlaceholder = (path: string): boolean => path.split(/[/.]/).some((part) => /^[A-Z]{2,}$/.test(part));

test.each(pages)('every path of the repository that %s has in code exists', (page) => {
  const spans = matchesOf(withoutBlocks(page), /`([^`]+)`/g);
  const blocks = matchesOf(read(page), /^```([\s\S]*?)^```/gm);
  const paths = [...spans, ...blocks].flatMap((text) => matchesOf(text, ownPath));
  expect(paths.filter((path) => !isPlaceholder(path) && !existsSync(join(root, path)))).toEqual([]);
});

const headingsOf = (page: string): readonly string[] => matchesOf(withoutBlocks(page), /^#+ (.*)$/gm);

/** As GitHub makes it of a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\w\s-]/g, '')
    .replaceAll(' ', '-');

test.each(pages)('every heading that %s links to exists', (page) => {
  const links = [...prose(page).matchAll(/\]\((?!https?:)([^)#]*)#([^)]+)\)/g)];
  const broken = links.filter(([, path = '', anchor = '']) => {
    const target = path ? join(dirname(page), path) : page;
    return !headingsOf(target).map(anchorOf).includes(anchor);
  });
  expect(broken.map(([link]) => link)).toEqual([]);
});

test('every heading of docs/determined.md that a comment cites exists', () => {
  const tests = globSync('test/**/*.ts', { cwd: root }).map(read);
  const cited = [...sourceFiles, ...tests].flatMap((text) =>
    matchesOf(text, /docs\/determined\.md, ([A-Z][^).:\n]+)/g),
  );
  expect(cited.length).toBeGreaterThan(5);
  expect(cited.filter((heading) => !headingsOf('docs/determined.md').includes(heading))).toEqual([]);
});

test('every page is reached from the README', () => {
  const reached = new Set(['README.md']);
  for (const page of reached) {
    const links = matchesOf(prose(page), /\]\(([\w./-]+\.md)[^)]*\)/g).map((link) => join(dirname(page), link));
    for (const link of links.filter((one) => pages.includes(one))) reached.add(link);
  }
  expect(pages.filter((page) => !page.startsWith('.github/') && !reached.has(page))).toEqual([]);
});

/** Flags of `ssh`, `kubectl`, `minikube` and the like that pages speak of. */
const flagsOfOthers = [
  ...['--force', '--embed-certs', '--keep-context', '--interactive', '--container-runtime'],
  ...['--cni', '--nodes', '--k3s-arg', '--disable', '--profile', '--only', '--quick', '--check', '--update'],
  ...['--kill-child', '--pdeathsig', '--project', '--privileged', '--cgroupns'],
  ...['--kubernetes-client-qps', '--watch-cache-sizes', '--min-request-timeout', '--etcd-compaction-interval'],
  ...['--auto-compaction-retention'],
  // pip, det
  ...['--quiet', '--no-browser'],
  ...['--run-firewall', '--run-router', '--run-service-proxy', '--health-port'],
  // scripts/mutation.ts
  ...['--raise', '--scores'],
  // scripts/fuzz.ts
  ...['--minutes', '--inputs', '--seed'],
  // scripts/ci.ts
  ...['--list', '--update-expected'],
  // Node.js
  '--use-system-ca',
];

test.each(pages)('every flag that %s names is one of ours or known to be of others', (page) => {
  const ours = [
    ...settings.map(({ path }) => flagOf(path)).flatMap((flag) => [flag, flag.replace('--', '--no-')]),
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
