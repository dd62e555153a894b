import type { Command, Option } from 'commander';
import { UserError } from '../lib/errors.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** npm has flags of these names itself, which a .npmrc may set. */
const ofNpm = new Set(['--json', '--force', '--yes', '--help', '--version']);

const optionsOf = (command: Command): readonly Option[] => [
  ...command.options,
  ...command.commands.flatMap((child) => optionsOf(child)),
];

const optionsByFlag = (program: Command): ReadonlyMap<string, Option> =>
  new Map(optionsOf(program).flatMap((option) => (option.long ? [[option.long, option] as const] : [])));

/** npm 7 and later puts every flag before `--` into the environment, with `_` for `-`. */
const variableOf = (flag: string): string => `npm_config_${flag.slice(2).replaceAll('-', '_')}`;

/** The flag as it was meant. npm leaves some values as arguments: `--provider native` is `true` and the argument `native`. */
const asMeant = (option: Option, value: string, rest: string[]): readonly string[] => {
  const flag = `${option.long}`;
  if (option.isBoolean()) return [flag];
  if (value === 'true' && option.required) return [flag, rest.shift() ?? 'VALUE'];
  return [flag, value || 'false'];
};

/**
 * Throws UserError `usage.npm-flags` if npm took flags for its own: `npm run dev-cluster:down --name x`, without `--` in front
 * of the flag, would remove the default instance.
 */
export const refuseSwallowedFlags = (program: Command, args: readonly string[], env: Env): void => {
  const { npm_command: command = '', npm_lifecycle_event: script = '' } = env;
  if (!['run', 'run-script'].includes(command)) return;
  const swallowed = [...optionsByFlag(program)].filter(([flag]) => !ofNpm.has(flag) && variableOf(flag) in env);
  const [first] = swallowed;
  if (first === undefined) return;
  const rest = args.slice(1);
  const meant = swallowed.flatMap(([flag, option]) => asMeant(option, env[variableOf(flag)] ?? '', rest));
  throw new UserError(`npm took ${first[0]} for a flag of its own: the command would run without it`, {
    id: 'usage.npm-flags',
    hint: `write -- in front of the flags: npm run ${script} -- ${[...meant, ...rest].join(' ')}`,
  });
};
