import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { chooseServer } from '../../../src/commands/master/programs.ts';
import { CommandError } from '../../../src/lib/process/runner.ts';
import { commandContext } from '../../support/context.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

const tools = { signal: new AbortController().signal, report: () => undefined };

test('data of a PostgreSQL that is not to be had: nothing is fetched, and the way out names the instance whose data goes', async () => {
  const home = await temporaryDir();
  const dataDir = join(home, 'database');
  await mkdir(dataDir);
  await writeFile(join(dataDir, 'PG_VERSION'), '9\n');
  const folders = { stateDir: join(home, 'state'), cacheDir: join(home, 'cache') };
  const context = {
    ...commandContext({ name: 'two', folders }),
    // a machine on which no PostgreSQL runs
    runner: async (command: readonly [string, ...string[]]) => {
      throw new CommandError(command, { exitCode: 127, stdout: '', stderr: '' });
    },
  };
  await expect(chooseServer(context, dataDir, tools)).rejects.toMatchObject({
    id: 'environment.database-version',
    message: expect.stringMatching(/was made by PostgreSQL 9, and this machine has none of it; npm serves 16/),
    hint: expect.stringContaining('taskgate master down --name two --remove-data'),
  });
});
