import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { instancePaths, logPathOf } from '../../instance/paths.ts';
import { hasCode, UserError } from '../../lib/errors.ts';
import { type CommandInput, print, readConfig } from '../command.ts';
import { getInstance } from '../open-instance.ts';

/** Where an `up` that sudo ran was killed, its logs are still root's. */
const refuseUnreadable = (path: string, program: 'ls' | 'cat') => (error: unknown) => {
  if (!hasCode(error, 'EACCES')) throw error;
  throw new UserError(`you may not read ${path}`, {
    id: 'environment.log-unreadable',
    hint: `root may: sudo ${program} ${path}`,
    cause: error,
  });
};

const logsIn = async (dir: string): Promise<readonly string[]> => {
  const names = await readdir(dir).catch((error) => {
    if (hasCode(error, 'ENOENT')) return [];
    return refuseUnreadable(dir, 'ls')(error);
  });
  return names
    .filter((name) => name.endsWith('.log'))
    .map((name) => name.slice(0, -'.log'.length))
    .toSorted();
};

/** Prints the log of one of an instance's processes, or the names of those that have one. */
export const logs = async (input: CommandInput, component: string | undefined): Promise<void> => {
  const { config, context } = await readConfig(input);
  const { logsDir: dir } = instancePaths((await getInstance(context)).dir);
  const known = await logsIn(dir);
  if (component === undefined) return print(input.flags.json ? JSON.stringify(known) : known.join('\n'));
  if (!known.includes(component)) {
    throw new UserError(`instance ${config.name} has no log of '${component}'`, {
      id: 'usage.no-log',
      hint: `there are: ${known.join(', ')}`,
    });
  }
  const path = logPathOf(dir, component);
  await pipeline(createReadStream(path), process.stdout, { end: false }).catch(refuseUnreadable(path, 'cat'));
};
