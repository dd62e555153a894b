import { realpath } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join, relative } from 'node:path';
import { UserError } from '../../lib/errors.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const homeOf = ({ HOME }: Environment): string => HOME || homedir();

/**
 * Where an agent has its configuration, the likeliest place first: https://ngrok.com/docs/agent/config, which on Linux
 * follows XDG_CONFIG_HOME; as a snap it may read only folders of its own and ~/.ngrok2, that of version 2, too.
 */
export const configPlaces = (env: Environment, platform: NodeJS.Platform = process.platform): readonly string[] => {
  const home = homeOf(env);
  const { XDG_CONFIG_HOME: configHome } = env;
  const folders =
    platform === 'darwin'
      ? ['Library/Application Support/ngrok', '.config/ngrok', '.ngrok2']
      : ['.config/ngrok', 'snap/ngrok/current/.config/ngrok', 'snap/ngrok/common/.config/ngrok', '.ngrok2'];
  const own = configHome && isAbsolute(configHome) ? [join(configHome, 'ngrok')] : [];
  return [...own, ...folders.map((folder) => join(home, folder))].map((folder) => join(folder, 'ngrok.yml'));
};

/** Whether a file is in a folder of the home that begins with a dot. */
const isHidden = (path: string, home: string): boolean => {
  const below = relative(home, path);
  return !below.startsWith('..') && below.split('/').some((part) => part.startsWith('.'));
};

const isSnap = async (program: string): Promise<boolean> =>
  /^\/(?:snap|var\/lib\/snapd)\/|\/snap$/.test(await realpath(program).catch(() => program));

/**
 * The error for an agent that ended before it had read its settings, where they are in a hidden folder or it is a snap;
 * undefined where it says another reason. `said` is all that it said.
 */
export const findConfinement = async (
  { files, program, said }: { readonly files: readonly string[]; readonly program: string; readonly said: string },
  env: Environment,
): Promise<UserError | undefined> => {
  const hidden =
    files.find((file) => isHidden(file, homeOf(env))) ?? ((await isSnap(program)) ? files.at(-1) : undefined);
  const isDenied = /permission denied|not permitted/i.test(said);
  const isSilent = !/ERROR:|: .*[a-z]{3}/.test(said);
  if (hidden === undefined || !(isDenied || isSilent)) return undefined;
  const what = isDenied
    ? `this agent may not read ${hidden}`
    : `this agent ends without a word; perhaps it may not read ${hidden}`;
  return new UserError(`ngrok: ${what} (a snap?): ${said}`, {
    id: 'tunnel.ngrok-confined',
    hint: 'a snap reads no hidden folders of the home: use the agent of another package (https://ngrok.com/download) by ngrok.program, or set XDG_STATE_HOME to a folder without a dot, such as ~/taskgate',
  });
};
