// Tested in test/master/write/devcluster.test.ts
import { constants } from 'node:os';
import { checkShape } from '../schema/check.ts';
import { devclusterReader, devclusterShape } from '../schema/devcluster.ts';
import { everyScalar, findItem, findString, type Item, itemsAt, type ScalarItem } from '../schema/document.ts';
import { masterShape } from '../schema/master.ts';
import { errorAt, type Problem, warningAt } from '../schema/problem.ts';
import { isSexagesimal, losesTypeInDevcluster } from '../schema/scalars.ts';
import { findVariables, mustBeRight } from '../schema/variables.ts';
import { checkMaster } from './master.ts';
import { isPythonRegex } from './python-regex.ts';

/** Variables that are exported where devcluster runs. */
export type Env = Readonly<Record<string, string | undefined>>;

const signals: readonly string[] = Object.keys(constants.signals);

/** The placeholders of `string.Template.safe_substitute`; `$$` is a dollar sign. */
const substitution = /\$(?:(\$)|\{([_a-zA-Z][_a-zA-Z0-9]*)\}|([_a-zA-Z][_a-zA-Z0-9]*))/g;
const guessedVariable = 'DOCKER_LOCALHOST';

const judgeVariables = (item: ScalarItem, env: Env): readonly Problem[] => {
  if (item.path.endsWith('.sh')) return [];
  const names = [...item.text.matchAll(substitution)].flatMap(([, , braced, bare]) => braced ?? bare ?? []);
  const judge = mustBeRight(item.path) ? errorAt : warningAt;
  return names.flatMap((name) => {
    if (name === guessedVariable) {
      return [warningAt(item, `$${name} is guessed by devcluster, even if you export another value`, 'write the host')];
    }
    if (env[name] !== undefined) return [];
    return [judge(item, `$${name} is left unexpanded: it is not exported`, 'export it; a dollar sign is $$')];
  });
};

/** Variables in a devcluster file that are not exported, except in shell commands. */
export const findDevclusterVariables = (root: Item, env: Env = {}): readonly Problem[] =>
  everyScalar(root).flatMap((item) => judgeVariables(item, env));

const judgeBase60 = (item: ScalarItem): readonly Problem[] =>
  item.isPlain && isSexagesimal(item.text) && !item.path.endsWith('.sh')
    ? [errorAt(item, `unquoted ${item.text} is a base 60 number to devcluster`, 'quote it')]
    : [];

const portKeys = ['port', 'api_port', 'elastic_port'] as const;

/** Python's `int()` also accepts digits in quotes. */
const judgePorts = (stage: Item): readonly Problem[] =>
  portKeys.flatMap((key) => {
    const port = findItem(stage, key);
    const isBad = port?.kind === 'string' && !/^[0-9]+$/.test(port.text);
    return isBad ? [errorAt(port, `'${port.text}' is not a number`, 'write a port such as 5432')] : [];
  });

/** devcluster compiles the pattern when it loads the file, and waits for a match in the log without a deadline. */
const judgePatterns = (stage: Item): readonly Problem[] =>
  ['pre', 'post'].flatMap((key) =>
    itemsAt(stage, key).flatMap((operation) => {
      const pattern = findItem(operation, 'logcheck.regex');
      if (pattern?.kind !== 'string' || isPythonRegex(pattern.text)) return [];
      const hint = 'close each bracket, or escape it with \\';
      return [errorAt(pattern, `'${pattern.text}' is not a regular expression`, hint)];
    }),
  );

const judgeStage = (stage: Item): readonly Problem[] => {
  if (stage.kind !== 'map') return [];
  const [first, ...others] = stage.fields;
  const extra = others.map((field) =>
    errorAt(field, `is ignored: the stage already is '${first?.key}'`, 'start a new list item'),
  );
  const signal = findString(first?.value, 'kill_signal');
  const full = signal?.startsWith('SIG') ? signal : `SIG${signal}`;
  const wrongSignal =
    first && signal !== undefined && !signals.includes(full)
      ? [errorAt(findItem(first.value, 'kill_signal') ?? stage, `'${signal}' is not a signal`, 'write SIGTERM')]
      : [];
  return [...extra, ...wrongSignal, ...(first ? [...judgePorts(first.value), ...judgePatterns(first.value)] : [])];
};

/** Gives the value of a variable; undefined leaves it as it is. */
type Lookup = (name: string) => string | undefined;

const substitute = (text: string, lookup: Lookup): string =>
  text.replace(substitution, (whole, dollar?: string, braced?: string, bare?: string) =>
    dollar ? '$' : (lookup(braced ?? bare ?? '') ?? whole),
  );

/** The configuration as devcluster passes it to the master: what is not exported stays as it is. */
const asPassedToMaster = (item: Item, lookup: Lookup): Item => {
  if (item.kind === 'map')
    return {
      ...item,
      fields: item.fields.map((field) => ({ ...field, value: asPassedToMaster(field.value, lookup) })),
    };
  if (item.kind === 'list') return { ...item, items: item.items.map((one) => asPassedToMaster(one, lookup)) };
  if (item.kind !== 'string') return item;
  const text = substitute(item.text, lookup);
  return { ...item, text, value: text };
};

const lostTypes = (config: Item): readonly Problem[] =>
  everyScalar(config)
    .filter(({ text, kind, isPlain }) => (kind === 'string' || isPlain) && losesTypeInDevcluster(text))
    .map((item) => {
      const shown = /password|secret|key$/.test(item.path) ? 'the value' : `'${item.text}'`;
      const message = `${shown} changes its type: devcluster hands it to the master without quotes`;
      return errorAt(item, message, 'choose another value');
    });

/** The configurations of the masters in a devcluster file. */
export const masterConfigsOf = (root: Item): readonly Item[] =>
  itemsAt(root, 'stages').flatMap((stage) => findItem(stage, 'master.config_file') ?? []);

const judgeMaster = (stage: Item, env: Env): readonly Problem[] => {
  const master = findItem(stage, 'master');
  if (!master) return [];
  const config = findItem(master, 'config_file');
  if (!config) return [warningAt(master, 'config_file is missing: this master was not checked')];
  const passed = asPassedToMaster(config, (name) => env[name]);
  // what is still a variable is reported above; an escaped one is left, and the master expands none
  const escaped = findVariables(
    asPassedToMaster(config, (name) => env[name] ?? 'x'),
    masterShape('kubernetes'),
  );
  return [...checkMaster(passed, true), ...escaped, ...lostTypes(passed)];
};

/** Whether a file is for devcluster rather than for the master. */
export const isDevcluster = (root: Item): boolean =>
  root.kind === 'map' && root.fields.some(({ key }) => key.toLowerCase() === 'stages');

/** All problems of a devcluster file, and of the master configurations in it with the exported variables expanded. */
export const checkDevcluster = (root: Item, env: Env = {}): readonly Problem[] => {
  const stages = itemsAt(root, 'stages');
  return [
    ...checkShape(root, devclusterShape, devclusterReader),
    ...findDevclusterVariables(root, env),
    ...everyScalar(root).flatMap(judgeBase60),
    ...stages.flatMap(judgeStage),
    ...stages.flatMap((stage) => judgeMaster(stage, env)),
  ];
};
