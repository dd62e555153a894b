import { globSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { expect, test } from 'vitest';
import { circlesOf, type Graph } from './support/architecture/circles.ts';
import { type Import, others, root, type Source, sources } from './support/architecture/sources.ts';

const roomOf = (path: string): string => path.split('/')[1] ?? '';
const targetOf = ({ path }: Source, { from }: Import): string | undefined =>
  from.startsWith('.') ? relative(root, normalize(join(root, dirname(path), from))) : undefined;

const filesOf = (source: Source): readonly string[] =>
  source.imports.map((one) => targetOf(source, one)).filter((target) => target !== undefined);
const targetsOf = (source: Source): readonly string[] => filesOf(source).filter((target) => target.startsWith('src/'));

const parts = ['artifacts', 'determined', 'cluster', 'gateway', 'forward', 'tunnel', 'master', 'proof', 'report'];
const ground = ['instance', 'supervisor', 'model', 'lib'];
/** What each room may import besides itself, types included. Rooms that import each other's neighbours go one way only. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  cli: ['commands', 'task-list', 'config', ...parts, ...ground],
  commands: ['providers', 'daemon', 'task-list', 'config', ...parts, ...ground],
  providers: ['config', ...parts, ...ground],
  daemon: ['config', ...parts, ...ground],
  ...Object.fromEntries(parts.map((part) => [part, ground])),
  'task-list': ['model', 'lib'],
  config: ['model', 'lib'],
  instance: ['supervisor', 'model', 'lib'],
  supervisor: ['lib'],
  model: ['lib'],
  lib: [],
};

test('imports go one way, types included: scripts, cli, commands, providers and daemon, parts, instance, model, lib', () => {
  const wrong = sources.flatMap((source) =>
    targetsOf(source).flatMap((target) => {
      const [from, to] = [roomOf(source.path), roomOf(target)];
      return to === from || allowed[from]?.includes(to) ? [] : [`${source.path} imports ${target}`];
    }),
  );
  expect(wrong).toEqual([]);
});

const graphOf = (files: readonly Source[], label: (path: string) => string): Graph => {
  const graph = new Map<string, Set<string>>();
  for (const source of files) {
    const from = label(source.path);
    const targets = graph.get(from) ?? new Set();
    for (const target of filesOf(source).map(label)) if (target !== from) targets.add(target);
    graph.set(from, targets);
  }
  return graph;
};

test('no circle of imports between files, types included', () => {
  expect(circlesOf(graphOf([...sources, ...others], (path) => path))).toEqual([]);
});

test('no circle of imports between rooms', () => {
  expect(circlesOf(graphOf(sources, roomOf))).toEqual([]);
});

test('nothing in scripts imports from test', () => {
  const programs = others.filter(({ path }) => path.startsWith('scripts/'));
  const wrong = programs.flatMap((source) =>
    source.imports.filter((one) => targetOf(source, one)?.startsWith('test/')).map(({ from }) => [source.path, from]),
  );
  expect(wrong).toEqual([]);
});

const mostFiles = 16;

test(`no folder of src, scripts or helpers of tests holds more than ${mostFiles} files`, () => {
  const counts = new Map<string, number>();
  for (const { path } of [...sources, ...others.filter(({ path }) => !path.endsWith('.test.ts'))]) {
    counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1);
  }
  expect([...counts].filter(([, count]) => count > mostFiles)).toEqual([]);
});

test('a helper of tests is in test/support or test/fakes', () => {
  const helpers = others.filter(({ path }) => /^test\/(?!support\/|fakes\/)/.test(path) && !path.endsWith('.test.ts'));
  expect(helpers.map(({ path }) => path)).toEqual([]);
});

/** Each outside package has one door; types may be imported anywhere. */
const doors: Readonly<Record<string, readonly string[]>> = {
  execa: ['src/lib/process/runner.ts'],
  yaml: ['src/lib/template.ts', 'src/lib/kube/kubeconfig/edit.ts', 'src/config/', 'src/master/'],
  commander: ['src/cli/'],
  zod: ['src/config/'],
  listr2: ['src/task-list/live/'],
  'tar-stream': ['src/lib/archive/tar.ts'],
  undici: ['src/lib/http/'],
  '@peculiar/x509': ['src/lib/certificates.ts'],
  'reflect-metadata': ['src/lib/certificates.ts'],
  '@kubernetes/client-node': ['src/lib/kube/kubeconfig/model.ts'],
  ws: ['src/lib/kube/port-forward.ts'],
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

test('random inputs are made in properties only', () => {
  const wrong = others.filter(
    ({ path, imports }) =>
      !/^test\/(support\/)?properties\//.test(path) && imports.some(({ from }) => from === 'fast-check'),
  );
  expect(wrong.map(({ path }) => path)).toEqual([]);
});

test('the official Kubernetes client, half a second of modules, is loaded only where it is used', () => {
  const early = sources.filter(({ text }) => /^import (?!type\b)[^;]*'@kubernetes\/client-node'/m.test(text));
  expect(early.map(({ path }) => path)).toEqual([]);
});

test('process.env, console and exit codes stay at the edges', () => {
  const edges = ['src/cli/', 'src/config/'];
  const wrong = sources.filter(({ path, text }) => {
    const atEdge = edges.some((edge) => path.startsWith(edge));
    return /process\.exit(Code)?\b/.test(text) || (!atEdge && /\bconsole\.|process\.env\b/.test(text));
  });
  // a child of the supervisor gets the supervisor's environment, which its starter has chosen
  // what nothing caught, and output that is lost, have no way to a return value
  expect(wrong.map(({ path }) => path)).toEqual(['src/lib/process/exit.ts', 'src/supervisor/children.ts']);
});

test('no file is over 250 lines', () => {
  const long = [...sources, ...others].filter(({ text }) => text.split('\n').length > 250);
  expect(long.map(({ path }) => path)).toEqual([]);
});

test('every export of src has a user in src or scripts', () => {
  const users = [...sources, ...others.filter(({ path }) => path.startsWith('scripts/'))];
  const importsOf = users.flatMap((source) => source.imports.map((one) => ({ ...one, target: targetOf(source, one) })));
  const used = new Set(importsOf.flatMap(({ target, names }) => names.map((name) => `${target} ${name}`)));
  const importedWhole = new Set(importsOf.flatMap(({ target, names }) => (names.length === 0 ? [target] : [])));
  const loadedLater = users.map(({ text }) => text).join('\n');
  const unused = sources.flatMap(({ path, text }) =>
    [...text.matchAll(/^export (?:async )?(?:const|function\*?|class) (\w+)/gm)]
      // what the file itself uses may be exported for its test
      .filter(
        ([, name]) => !used.has(`${path} ${name}`) && (text.match(new RegExp(`\\b${name}\\b`, 'g'))?.length ?? 0) < 2,
      )
      .filter(([, name]) => !importedWhole.has(path) || !new RegExp(`\\.${name}\\b|\\b${name}\\(`).test(loadedLater))
      .map(([, name]) => `${path} ${name}`),
  );
  expect(unused).toEqual([]);
});

test('no helper drawers', () => {
  const drawers = sources.filter(({ path }) => /(^|\/)(utils?|common|helpers?|manager|index)\.ts$/.test(path));
  expect(drawers).toEqual([]);
});

const exists = new Set(globSync('{src,scripts,templates,test,.ci,.github}/**/*', { cwd: root }));

/** Types and comments away, is a function or a class left? */
const hasLogic = ({ text }: Source): boolean => {
  const code = text
    .replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')
    .replaceAll(/^(export )?type [\s\S]*?;\n(?=\n|\w|$)/gm, '');
  return /=>|\bfunction\b|^(export )?class /m.test(code);
};

const mirrorOf = (path: string): string => path.replace(/^src\//, 'test/').replace(/\.ts$/, '.test.ts');
const namedTests = ({ text }: Source): readonly string[] =>
  [...text.matchAll(/Tested in (test\/\S+?\.test\.ts)/g)].flatMap(([, pattern = '']) =>
    globSync(pattern, { cwd: root }),
  );

test('every file of src with logic has a test of its name, or a comment `Tested in test/...` that names one', () => {
  const untested = sources.filter(
    (source) => hasLogic(source) && !exists.has(mirrorOf(source.path)) && namedTests(source).length === 0,
  );
  expect(untested.map(({ path }) => path)).toEqual([]);
});

/** Of no single file: documents, rules and promises of the whole tree, and suites that run programs or clusters. */
const crossing = /^test\/(\w+\.test\.ts$|golden\/|docs\/|documents\/|properties\/|process\/|api\/|e2e\/|minikube\/)/;

test('every other test is at the path of what it tests, in src, scripts or templates', () => {
  const tests = others.map(({ path }) => path).filter((path) => path.endsWith('.test.ts') && !crossing.test(path));
  const orphans = tests.filter((path) => {
    // relay.test.ts, and relay.local-end.test.ts for a side of it that fills a file
    const tested = path.replace(/^test\//, '').replace(/(\.[a-z0-9-]+)?\.test\.ts$/, '');
    const folders = [`src/${tested}.ts`, `scripts/${tested}.ts`, tested, `${tested}.sh`, `.${tested}`];
    return !folders.some((place) => exists.has(place));
  });
  expect(orphans).toEqual([]);
});
