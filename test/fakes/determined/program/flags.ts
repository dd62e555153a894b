/**
 * The command line of determined-master and its environment (determined-ai/determined, master/cmd/determined-master/init.go): each flag is a
 * path of the configuration, and a variable `DET_<FLAG>`. A flag is stronger than a variable, and that than the file.
 */
type Kind = 'string' | 'bool' | 'int';
type Flag = { readonly name: string; readonly path: readonly string[]; readonly kind: Kind };

const flag = (kind: Kind, ...path: readonly string[]): Flag => ({
  ...{ name: path.join('-').replaceAll('_', '-'), path, kind },
});

export const flags: readonly Flag[] = [
  flag('string', 'config_file'),
  flag('string', 'log', 'level'),
  flag('bool', 'log', 'color'),
  ...['user', 'password', 'host', 'port', 'name', 'ssl_mode', 'ssl_root_cert'].map((key) => flag('string', 'db', key)),
  flag('string', 'security', 'initial_user_password'),
  flag('string', 'security', 'tls', 'cert'),
  flag('string', 'security', 'tls', 'key'),
  flag('int', 'port'),
  flag('string', 'root'),
  flag('bool', 'telemetry', 'enabled'),
  flag('string', 'cache', 'cache_dir'),
];

export type Given = { readonly path: readonly string[]; readonly value: string | number | boolean };
export type CommandLine =
  | { readonly command: 'run'; readonly given: readonly Given[]; readonly configFile: string | undefined }
  | { readonly command: 'version' }
  | { readonly command: 'help' }
  | { readonly command: 'refused'; readonly message: string };

const parseValue = ({ kind, name }: Flag, text: string): string | number | boolean => {
  if (kind === 'string') return text;
  if (kind === 'bool') {
    if (['true', '1', 't', 'T', 'TRUE', 'True'].includes(text)) return true;
    if (['false', '0', 'f', 'F', 'FALSE', 'False'].includes(text)) return false;
    throw new Error(
      `invalid argument "${text}" for "--${name}" flag: strconv.ParseBool: parsing "${text}": invalid syntax`,
    );
  }
  if (/^-?\d+$/.test(text)) return Number(text);
  throw new Error(
    `invalid argument "${text}" for "--${name}" flag: strconv.ParseInt: parsing "${text}": invalid syntax`,
  );
};

const fromEnvironment = (environment: NodeJS.ProcessEnv): readonly Given[] =>
  flags.flatMap((one) => {
    const text = environment[`DET_${one.name.toUpperCase().replaceAll('-', '_')}`];
    return text === undefined || text === '' ? [] : [{ path: one.path, value: parseValue(one, text) }];
  });

const parseFlags = (args: readonly string[]): readonly Given[] => {
  const rest = [...args];
  const given: Given[] = [];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    const [, name, inline] = /^--([^=]+)(?:=(.*))?$/s.exec(arg) ?? [];
    if (name === undefined) throw new Error(`unknown command "${arg}" for "determined-master"`);
    const known = flags.find((one) => one.name === name);
    if (!known) throw new Error(`unknown flag: --${name}`);
    const text = inline ?? (known.kind === 'bool' ? 'true' : rest.shift());
    if (text === undefined) throw new Error(`flag needs an argument: --${name}`);
    given.push({ path: known.path, value: parseValue(known, text) });
  }
  return given;
};

/** What a command line and an environment ask for. */
export const readCommandLine = (args: readonly string[], environment: NodeJS.ProcessEnv): CommandLine => {
  if (args.includes('--version') || args.includes('-v')) return { command: 'version' };
  if (args.includes('--help') || args.includes('-h')) return { command: 'help' };
  try {
    const all = [...fromEnvironment(environment), ...parseFlags(args)];
    const isFile = ({ path }: Given) => path[0] === 'config_file';
    const file = all.findLast(isFile)?.value;
    return {
      command: 'run',
      given: all.filter((one) => !isFile(one)),
      configFile: file === undefined || file === '' ? undefined : String(file),
    };
  } catch (error) {
    return { command: 'refused', message: error instanceof Error ? error.message : String(error) };
  }
};

/** The help text: flags only. */
export const renderHelp = (): string =>
  [
    'Usage:',
    '  determined-master [flags]',
    '',
    'Flags:',
    ...flags.map(({ name, kind }) => `      --${name} ${kind}`),
    '',
  ].join('\n');
