import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { databaseAccount } from '../../../src/determined/database/account.ts';
import { installedServers, type PostgresServer } from '../../../src/determined/database/server.ts';
import { findRoot } from '../../../src/determined/program/program.ts';
import type { StackSpec } from '../../../src/determined/spec.ts';
import { type StartMasterInput, startMaster } from '../../../src/determined/start.ts';
import { stopMaster } from '../../../src/determined/stop.ts';
import { createInstance, type Instance } from '../../../src/instance/instance.ts';
import { determinedPaths } from '../../../src/instance/paths.ts';
import { freePort } from '../../../src/lib/free-port.ts';
import { execaRunner } from '../../../src/lib/process/runner.ts';
import { systemPath } from '../../../src/lib/process/system-path.ts';
import { temporaryDir } from '../temporary-dir.ts';
import { type SmallMaster, writeSmallMaster } from './small-master.ts';

/** The newest PostgreSQL of this machine; undefined where there is none. */
export const findInstalledServer = async (): Promise<PostgresServer | undefined> =>
  (await installedServers(systemPath, execaRunner))[0];

export type Stack = {
  readonly instance: Instance;
  readonly spec: StackSpec;
  /** By what and how its supervisor is launched. */
  readonly launching: Omit<StartMasterInput, 'spec' | 'configuration'>;
  /** Starts what is not there, as `up` does. */
  readonly start: (changes?: Partial<StackSpec>, signal?: AbortSignal) => Promise<boolean>;
};

const supervisor = join(import.meta.dirname, '../../../scripts/supervisor.ts');

/** An instance without a cluster, with a master's stand-in and a real PostgreSQL; the test's end stops them. */
export const makeStack = async (server: PostgresServer, master: SmallMaster = {}): Promise<Stack> => {
  const dir = await temporaryDir();
  const path = await writeSmallMaster(dir, master);
  const instance = await createInstance(join(dir, 'state'), { name: 'dev', provider: 'attach' });
  onTestFinished(async () => void (await stopMaster(instance)));
  const paths = determinedPaths(instance.dir);
  await mkdir(paths.determinedDir, { mode: 0o700 });
  await writeFile(paths.databasePasswordPath, 'secret1\n', { mode: 0o600 });
  const database = {
    server,
    dataDir: paths.databaseDir,
    begunDir: paths.databaseBegunDir,
    socketDir: paths.determinedDir,
    port: await freePort(),
    password: 'secret1',
    passwordPath: paths.databasePasswordPath,
    through: databaseAccount(process.getuid?.(), { passwd: await readFile('/etc/passwd', 'utf8') }),
  };
  const spec: StackSpec = {
    instance: 'dev',
    instanceDir: instance.dir,
    program: { path, root: (await findRoot(path)) ?? '' },
    port: await freePort(),
    tls: false,
    database: { spec: database, isMade: false },
  };
  const launching: Stack['launching'] = {
    instance,
    supervisorCommand: [process.execPath, supervisor],
    env: { PATH: process.env['PATH'] ?? '' },
    ...{ signal: new AbortController().signal, timeoutMs: 60_000, report: () => undefined },
  };
  const start: Stack['start'] = async (changes = {}, signal = launching.signal) => {
    const wanted = { ...spec, ...changes };
    return startMaster({ ...launching, signal, spec: wanted, configuration: `port: ${wanted.port}\n` });
  };
  return { instance, spec, start, launching };
};
