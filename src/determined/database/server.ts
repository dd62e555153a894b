import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ignoreAbsence, isThere } from '../../lib/files.ts';
import { CommandError, type Runner } from '../../lib/process/runner.ts';

/** The programs of one PostgreSQL. */
export type PostgresServer = {
  /** Folder with `initdb` and `postgres`. */
  readonly binDir: string;
  /** Such as 16; data of another major version cannot be used. */
  readonly major: number;
  /** `16.14`, as it says itself. */
  readonly version: string;
};

/** Older ones are no longer maintained, and the master complains about 11 and below. */
export const oldestMajor = 12;

/** Where distributions install servers beside each other: Debian and Ubuntu, and PostgreSQL's own packages for Red Hat. */
const installedBelow: readonly { readonly folder: string; readonly binOf: (name: string) => string | undefined }[] = [
  { folder: '/usr/lib/postgresql', binOf: (name) => (/^\d+$/.test(name) ? join(name, 'bin') : undefined) },
  { folder: '/usr', binOf: (name) => (/^pgsql-\d+$/.test(name) ? join(name, 'bin') : undefined) },
];

const binDirs = async (path: readonly string[]): Promise<readonly string[]> => {
  const beside = await Promise.all(
    installedBelow.map(async ({ folder, binOf }) => {
      const names = (await readdir(folder).catch(ignoreAbsence)) ?? [];
      return names.flatMap((name) => binOf(name) ?? []).map((bin) => join(folder, bin));
    }),
  );
  return [...path, ...beside.flat()];
};

/** `postgres (PostgreSQL) 16.14 (Debian ...)`: its version; undefined for what is no PostgreSQL. */
export const parseVersion = (text: string): Pick<PostgresServer, 'major' | 'version'> | undefined => {
  const [, version, major] = /^postgres \(PostgreSQL\) ((\d+)[.\w]*)/.exec(text) ?? [];
  return version === undefined ? undefined : { version, major: Number(major) };
};

/** The server in a folder of programs; undefined where there is none, or one that does not run. */
export const findServer = async (binDir: string, runner: Runner): Promise<PostgresServer | undefined> => {
  const programs = ['postgres', 'initdb'].map((name) => join(binDir, name));
  if (!(await Promise.all(programs.map(isThere))).every(Boolean)) return undefined;
  try {
    const { stdout } = await runner([join(binDir, 'postgres'), '--version'], { timeoutMs: 10_000 });
    const version = parseVersion(stdout);
    return version && { binDir, ...version };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return undefined;
  }
};

/** The servers that are installed on this machine, the newest first. `path` are the folders of PATH. */
export const installedServers = async (path: readonly string[], runner: Runner): Promise<readonly PostgresServer[]> => {
  const found = await Promise.all((await binDirs(path)).map((dir) => findServer(dir, runner)));
  return found
    .filter((server) => server !== undefined)
    .filter(({ major }) => major >= oldestMajor)
    .toSorted((a, b) => b.major - a.major);
};
