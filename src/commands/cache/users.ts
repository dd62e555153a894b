import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { determinedPaths, instanceDirOf, instancePaths, statePaths } from '../../instance/paths.ts';
import { hasCode } from '../../lib/errors.ts';
import { ignoreAbsence } from '../../lib/files.ts';

/** Who may run a program of the cache, and the text in which its path stands; undefined where only root may read it. */
type User = { readonly who: string; readonly text: string | undefined };

const unreadable = ['EACCES', 'EPERM'];
const gone = ['ENOENT', 'ESRCH', 'ENOTDIR'];

/** Empty for a file that is not there. */
const read = async (path: string): Promise<string | undefined> => {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (gone.some((code) => hasCode(error, code))) return '';
    if (unreadable.some((code) => hasCode(error, code))) return undefined;
    throw error;
  }
};

/** A native node and a master have the paths of their programs in their supervisor's files, a Minikube instance in its record. */
const readInstances = async (stateDir: string): Promise<readonly User[]> => {
  const names = (await readdir(statePaths(stateDir).instancesDir).catch(ignoreAbsence)) ?? [];
  const files = names.flatMap((name) => {
    const dir = instanceDirOf(stateDir, name);
    const { recordPath, supervisorSpecPath } = instancePaths(dir);
    return [recordPath, supervisorSpecPath, determinedPaths(dir).specPath].map((path) => ({
      who: `instance ${name}`,
      path,
    }));
  });
  return Promise.all(files.map(async ({ who, path }) => ({ who, text: await read(path) })));
};

/** Also those of other users and of other state folders; what another user hides counts as not there. */
const readProcesses = async (): Promise<readonly User[]> => {
  const pids = ((await readdir('/proc').catch(ignoreAbsence)) ?? []).filter((name) => /^\d+$/.test(name));
  const found = pids.map(async (pid) => ({
    who: `process ${pid}`,
    text: (await read(join('/proc', pid, 'cmdline'))) ?? '',
  }));
  return Promise.all(found);
};

/**
 * What tells who uses an item of the cache: an instance or a process, undefined where nobody does. An instance whose files
 * only root may read may use any. Tested in test/commands/cache/cache.test.ts.
 */
export const findUsers = async (stateDir: string, cacheDir: string): Promise<(key: string) => string | undefined> => {
  const users = [...(await readInstances(stateDir)), ...(await readProcesses())];
  return (key) => {
    const path = join(cacheDir, 'items', key);
    return users.find(({ text }) => text === undefined || text.includes(`${path}/`))?.who;
  };
};
