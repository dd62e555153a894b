import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { findInstance } from '../../keeper/instance.ts';
import { hasCode, UserError } from '../../lib/errors.ts';
import { type CommandInput, contextOf, print, readConfig } from '../command.ts';

const logsIn = async (dir: string): Promise<readonly string[]> => {
  const names = await readdir(join(dir, 'logs')).catch((error) => {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  });
  return names
    .filter((name) => name.endsWith('.log'))
    .map((name) => name.slice(0, -'.log'.length))
    .toSorted();
};

/** Prints the log of one of an instance's processes, or the names of those that have one. */
export const logs = async (input: CommandInput, component: string | undefined): Promise<void> => {
  const { config } = await readConfig(input);
  const instance = await findInstance(contextOf(config, input).places.stateDir, config.name);
  if (!instance) {
    throw new UserError(`instance ${config.name} does not exist`, {
      id: 'environment.no-instance',
      hint: `run: taskgate up --name ${config.name}`,
    });
  }
  const known = await logsIn(instance.dir);
  if (component === undefined) return print(input.flags.json ? JSON.stringify(known) : known.join('\n'));
  if (!known.includes(component)) {
    throw new UserError(`instance ${config.name} has no log of '${component}'`, {
      id: 'usage.no-log',
      hint: `there are: ${known.join(', ')}`,
    });
  }
  await pipeline(createReadStream(join(instance.dir, 'logs', `${component}.log`)), process.stdout, { end: false });
};
