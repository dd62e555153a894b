import { readdir, readFile, readlink, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { findTextFile, ignoreAbsence, isThere } from '../../lib/files.ts';
import { findProcess } from '../../lib/process/processes.ts';
import type { Command } from '../../lib/process/runner.ts';
import type { Child, Probe, SetupStep } from '../../supervisor/spec.ts';
import type { PostgresServer } from './server.ts';

/** The user and the name of the database of a master: those of devcluster's database stage. */
export const databaseNames = { user: 'postgres', name: 'determined' } as const;

/** Name of the child, and so of its log. */
export const databaseChild = 'postgres';

/** How PostgreSQL is run for one instance. */
export type DatabaseSpec = {
  readonly server: PostgresServer;
  readonly dataDir: string;
  /** Where the data is made, until it is whole. */
  readonly begunDir: string;
  /** Of its Unix socket; closed to other users. */
  readonly socketDir: string;
  /** On 127.0.0.1. */
  readonly port: number;
  readonly password: string;
  /** A file with the password alone. */
  readonly passwordPath: string;
  /** By what its programs are started; see databaseAccount. */
  readonly through: readonly string[];
};

/** The major version that made a data folder; undefined where there is none. */
export const findDataMajor = async (dataDir: string): Promise<number | undefined> => {
  const text = await findTextFile(join(dataDir, 'PG_VERSION'));
  return text === undefined ? undefined : Number.parseInt(text, 10);
};

/**
 * Data as UTF-8 and in the order of bytes, as Determined's own image has it. Not synced file by file: what a crash of the
 * machine leaves is begun again, as `dataDir` gets its name last.
 */
export const initdbCommand = ({ server, begunDir, passwordPath }: DatabaseSpec): Command => [
  join(server.binDir, 'initdb'),
  ...['--pgdata', begunDir, '--username', databaseNames.user],
  ...['--encoding', 'UTF8', '--no-locale', '--auth', 'scram-sha-256', '--pwfile', passwordPath, '--no-sync'],
];

/**
 * A server without connections, which runs the SQL of its stdin, a statement a line, and ends. A statement that fails is not
 * repeated in its words: it may have a password.
 */
export const singleUserCommand = ({ server }: DatabaseSpec, dataDir: string): Command => [
  join(server.binDir, 'postgres'),
  ...['--single', '-D', dataDir, '-c', 'exit_on_error=on', '-c', 'log_checkpoints=off'],
  ...['-c', 'log_min_error_statement=panic', '-c', 'log_statement=none', databaseNames.user],
];

export const serverCommand = ({ server, dataDir, socketDir, port }: DatabaseSpec): Command => {
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: socketDir,
    unix_socket_permissions: '0700',
    // its supervisor keeps the log, and rotates it
    logging_collector: 'off',
    log_destination: 'stderr',
    log_checkpoints: 'off',
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return [join(server.binDir, 'postgres'), '-D', dataDir, '-p', String(port), ...flags];
};

/** The password has letters and digits only. */
const setPassword = ({ password }: DatabaseSpec): string =>
  `ALTER ROLE ${databaseNames.user} WITH PASSWORD '${password}'\n`;

/** What is done before the server starts: data that is not there is made, and the role gets the password that the master has. */
export const databaseSetup = (spec: DatabaseSpec, isMade: boolean): readonly SetupStep[] => {
  const { dataDir, begunDir, through } = spec;
  const tether = { through };
  const make: readonly SetupStep[] = [
    { run: initdbCommand(spec), tether },
    { run: singleUserCommand(spec, begunDir), input: `CREATE DATABASE ${databaseNames.name}\n`, tether },
    { run: ['mv', begunDir, dataDir] },
  ];
  const renew: SetupStep = { run: singleUserCommand(spec, dataDir), input: setPassword(spec), tether };
  return isMade ? [renew] : make;
};

/** The startup message of PostgreSQL's protocol 3.0 for the master's database, in hexadecimal. */
export const startupMessage = ({ user, name }: { readonly user: string; readonly name: string }): string => {
  const body = Buffer.from(`user\0${user}\0database\0${name}\0\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(head.length + body.length, 0);
  head.writeInt32BE(196_608, 4);
  return Buffer.concat([head, body]).toString('hex');
};

/**
 * It asks for the password (`R`) only once it takes connections: while it starts, or repairs its data after a crash, it
 * answers with an error. So does pg_isready, which not every installation has.
 */
const databaseProbe = ({ socketDir, port }: DatabaseSpec): Probe => ({
  ...{ kind: 'answer', path: join(socketDir, `.s.PGSQL.${port}`) },
  ...{ send: startupMessage(databaseNames), expected: 'R' },
});

/** The server as a child of a supervisor. SIGINT ends its connections; SIGTERM would wait for them. */
export const databaseAsChild = (spec: DatabaseSpec): Child => ({
  ...{ name: databaseChild, command: serverCommand(spec), after: [] },
  probe: databaseProbe(spec),
  tether: { through: spec.through },
  ending: { signal: 'SIGINT', graceMs: 10_000 },
});

/** Name of a process as the kernel has it; undefined for one that has ended, also while nobody has collected it. */
const commOf = async (pid: number): Promise<string | undefined> => {
  if (!(await findProcess(pid))) return undefined;
  return readFile(`/proc/${pid}/comm`, 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  );
};

/** Processes that work in a data folder: PostgreSQL's own are there, whatever title they have given themselves. */
export const processesIn = async (dataDir: string): Promise<readonly number[]> => {
  const folder = await realpath(dataDir).catch(() => dataDir);
  const pids = ((await readdir('/proc').catch(ignoreAbsence)) ?? []).filter((name) => /^\d+$/.test(name));
  const found = pids.map(async (pid) =>
    (await readlink(`/proc/${pid}/cwd`).catch(() => '')) === folder ? [Number(pid)] : [],
  );
  return (await Promise.all(found)).flat();
};

/**
 * PostgreSQL does not start while there is a process with the pid of its last lock file. One that was killed may be there as a
 * zombie, and later another program has that pid. For data in which nothing works: see {@link processesIn}.
 */
export const removeStaleLock = async (dataDir: string, proc = '/proc'): Promise<void> => {
  // PostgreSQL judges by itself where nothing can be seen
  if (!(await isThere(join(proc, 'self')))) return;
  const path = join(dataDir, 'postmaster.pid');
  const pid = Number.parseInt((await findTextFile(path)) ?? '', 10);
  if (!Number.isInteger(pid)) return;
  const comm = await commOf(pid);
  if (comm !== 'postgres') await rm(path, { force: true });
};
