import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');

type Import = { readonly from: string; readonly typeOnly: boolean; readonly names: readonly string[] };
type Source = { readonly path: string; readonly text: string; readonly imports: readonly Import[] };

const statement = /^(?:import|export)\s+(type\s+)?((?:[^'"`;]|\n)*?)\s*from\s+'([^']+)'/gm;
const sideEffect = /(?:^import|\bimport\()\s*'([^']+)'/gm;

const namesIn = (clause: string): readonly string[] =>
  (/\{([^}]*)\}/.exec(clause)?.[1] ?? '')
    .split(',')
    .map(
      (name) =>
        name
          .trim()
          .replace(/^type\s+/, '')
          .split(/\s+as\s+/)[0] ?? '',
    )
    .filter(Boolean);

const isTypeOnly = (clause: string): boolean => {
  const inner = /\{([^}]*)\}/.exec(clause)?.[1];
  return inner?.split(',').every((name) => !name.trim() || name.trim().startsWith('type ')) ?? false;
};

const parseImports = (text: string): readonly Import[] => [
  ...[...text.matchAll(statement)].map(([, type, clause = '', from = '']) => ({
    from,
    typeOnly: type !== undefined || isTypeOnly(clause),
    names: namesIn(clause),
  })),
  ...[...text.matchAll(sideEffect)].map(([, from = '']) => ({ from, typeOnly: false, names: [] })),
];

const read = (path: string): Source => {
  const text = readFileSync(join(root, path), 'utf8');
  return { path, text, imports: parseImports(text) };
};

const sources = globSync('src/**/*.ts', { cwd: root }).toSorted().map(read);
const others = [...globSync('{scripts,test}/**/*.{ts,js}', { cwd: root })].map(read);

const folderOf = (path: string): string => path.split('/')[1] ?? '';
const targetOf = ({ path }: Source, { from }: Import): string | undefined =>
  from.startsWith('.') ? relative(root, normalize(join(root, dirname(path), from))) : undefined;

const domain = ['artifacts', 'cluster', 'gateway', 'tunnel', 'master', 'proof', 'keeper'];
/** What each folder may import besides itself and lib; values flow one way only. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  cli: ['steps', 'config', 'model', 'instance', ...domain],
  steps: ['config', 'model', 'instance', ...domain],
  config: ['model'],
  lib: [],
  model: [],
  instance: ['model'],
  ...Object.fromEntries(domain.map((folder) => [folder, ['model', 'instance']])),
};

test('imports go one way: scripts, cli, steps, parts, lib', () => {
  const wrong = sources.flatMap((source) =>
    source.imports.flatMap((one) => {
      const target = targetOf(source, one);
      if (!target?.startsWith('src/') || one.typeOnly) return [];
      const [from, to] = [folderOf(source.path), folderOf(target)];
      const isAllowed = to === from || to === 'lib' || allowed[from]?.includes(to);
      return isAllowed ? [] : [`${source.path} imports ${target}`];
    }),
  );
  expect(wrong).toEqual([]);
});

test('lib imports no other folder, not even types', () => {
  const wrong = sources
    .filter(({ path }) => path.startsWith('src/lib/'))
    .flatMap((source) =>
      source.imports.map((one) => targetOf(source, one)).filter((to) => to && !to.startsWith('src/lib/')),
    );
  expect(wrong).toEqual([]);
});

/** Each outside package has one door; types may be imported anywhere. */
const doors: Readonly<Record<string, readonly string[]>> = {
  execa: ['src/lib/runner.ts'],
  '@kubernetes/client-node': ['src/lib/kube-http.ts', 'src/lib/kube-port-forward.ts'],
  listr2: ['src/steps/display.ts'],
  yaml: ['src/lib/template.ts', 'src/config/', 'src/master/'],
  commander: ['src/cli/'],
  zod: ['src/config/'],
  'tar-stream': ['src/lib/tar.ts'],
};

test('each outside package has one door', () => {
  const wrong = sources.flatMap((source) =>
    source.imports.flatMap(({ from, typeOnly }) => {
      if (from.startsWith('.') || from.startsWith('node:') || typeOnly) return [];
      const door = doors[from];
      return door?.some((path) => source.path.startsWith(path)) ? [] : [`${source.path} imports ${from}`];
    }),
  );
  expect(wrong).toEqual([]);
});

test('process.env, console and exit codes stay at the edges', () => {
  const edges = ['src/cli/', 'src/config/'];
  const wrong = sources.filter(({ path, text }) => {
    const atEdge = edges.some((edge) => path.startsWith(edge));
    return /process\.exit(Code)?\b/.test(text) || (!atEdge && /\bconsole\.|process\.env\b/.test(text));
  });
  // a child of the keeper gets the keeper's environment, which its starter has chosen
  expect(wrong.map(({ path }) => path)).toEqual(['src/keeper/children.ts']);
});

test('no file is over 250 lines', () => {
  const long = [...sources, ...others].filter(({ text }) => text.split('\n').length > 250);
  expect(long.map(({ path }) => path)).toEqual([]);
});

test('every function and value that src exports is imported somewhere', () => {
  const all = [...sources, ...others];
  const used = new Set(
    all.flatMap((source) =>
      source.imports.flatMap((one) => one.names.map((name) => `${targetOf(source, one)} ${name}`)),
    ),
  );
  const importedWhole = new Set(
    all.flatMap((source) =>
      source.imports.filter(({ names }) => names.length === 0).map((one) => targetOf(source, one)),
    ),
  );
  const unused = sources.flatMap(({ path, text }) =>
    [...text.matchAll(/^export (?:async )?(?:const|function\*?|class) (\w+)/gm)]
      .map(([, name]) => `${path} ${name}`)
      .filter((name) => !used.has(name) && !importedWhole.has(path)),
  );
  expect(unused).toEqual([]);
});

test('no helper drawers', () => {
  const drawers = sources.filter(({ path }) => /(^|\/)(utils?|common|helpers?|manager|index)\.ts$/.test(path));
  expect(drawers).toEqual([]);
});
