// Tested in test/e2e/with-master.test.ts
import { readFile, rm } from 'node:fs/promises';
import { databaseAccount } from '../../determined/database/account.ts';
import { type DatabaseAddress, ownAddress, parseDatabaseUrl } from '../../determined/database/address.ts';
import { findDataMajor } from '../../determined/database/data.ts';
import type { StackSpec } from '../../determined/spec.ts';
import { findMasterKeeper } from '../../determined/stop.ts';
import { generatePassword } from '../../instance/admin-password.ts';
import type { Instance } from '../../instance/instance.ts';
import { determinedPaths } from '../../instance/paths.ts';
import { findTextFile, isThere, type Owner, writeFileAtomically } from '../../lib/files.ts';
import { freePort } from '../../lib/free-port.ts';
import { findListener } from '../../lib/process/port-holder.ts';
import type { Report } from '../../lib/progress.ts';
import type { CommandContext } from '../../providers/context.ts';
import { chooseServer } from './programs.ts';

type Paths = ReturnType<typeof determinedPaths>;

/** The database of a master: where it is, and how it is run, unless it is the user's own. */
export type ChosenDatabase = { readonly address: DatabaseAddress; readonly run?: StackSpec['database'] };

const readText = async (path: string): Promise<string | undefined> => (await findTextFile(path))?.trim() || undefined;

/** The URL that was given now, or the last time: it may hold a password, which is in no setting of the instance. */
const keepUrl = async ({ config, chosen }: CommandContext, { databaseUrlPath }: Paths): Promise<string | undefined> => {
  const { dbUrl: given } = config;
  if (given === undefined && chosen?.reset?.includes('dbUrl')) await rm(databaseUrlPath, { force: true });
  if (given === undefined) return readText(databaseUrlPath);
  parseDatabaseUrl(given);
  await writeFileAtomically(databaseUrlPath, `${given}\n`);
  return given;
};

const ensurePassword = async ({ databasePasswordPath }: Paths): Promise<string> => {
  const known = await readText(databasePasswordPath);
  if (known !== undefined) return known;
  const made = generatePassword();
  await writeFileAtomically(databasePasswordPath, `${made}\n`);
  return made;
};

/** The last one, so that nothing is restarted; another one where a stranger has it by now. */
const ensurePort = async ({ databasePortPath }: Paths, isRunning: boolean): Promise<number> => {
  const last = Number(await readText(databasePortPath));
  if (last > 0 && (isRunning || !(await findListener('127.0.0.1', last)))) return last;
  const chosen = await freePort();
  await writeFileAtomically(databasePortPath, `${chosen}\n`);
  return chosen;
};

type Tools = { readonly signal: AbortSignal; readonly report: Report; readonly owner: Owner | undefined };

/**
 * The user's own database, or that of the instance. Throws UserError `usage.database-url`, `environment.database-version` and
 * `artifact.*`.
 */
export const chooseDatabase = async (
  instance: Instance,
  context: CommandContext,
  tools: Tools,
): Promise<ChosenDatabase> => {
  const paths = determinedPaths(instance.dir);
  const url = await keepUrl(context, paths);
  if (url !== undefined) return { address: parseDatabaseUrl(url) };
  const { databaseDir, databaseBegunDir, determinedDir, databasePasswordPath } = paths;
  const server = await chooseServer(context, databaseDir, tools);
  const password = await ensurePassword(paths);
  const port = await ensurePort(paths, (await findMasterKeeper(instance)) !== undefined);
  const passwd = await readFile('/etc/passwd', 'utf8').catch(() => '');
  const spec = {
    ...{ server, port, password, passwordPath: databasePasswordPath },
    ...{ dataDir: databaseDir, begunDir: databaseBegunDir, socketDir: determinedDir },
    through: databaseAccount(process.getuid?.(), { owner: tools.owner, passwd }),
  };
  const isMade = (await findDataMajor(databaseDir)) !== undefined;
  return { address: ownAddress(port, password), run: { spec, isMade } };
};

/** What of the databases of a master was there when it was given up. */
export type LeftDatabase = {
  /** The instance's own had data, which were removed or kept. */
  readonly own: 'removed' | 'kept' | 'none';
  /** The user had given one, whose address is forgotten; nothing in it is touched. */
  readonly hadUrl: boolean;
};

/** Forgets where a database of the user's own is, and, where that is asked for, removes the data of the instance's. */
export const leaveDatabase = async (
  { dir }: Pick<Instance, 'dir'>,
  { removeData }: { readonly removeData: boolean },
): Promise<LeftDatabase> => {
  const { determinedDir, databaseDir, databaseUrlPath } = determinedPaths(dir);
  const [hadUrl, hasData] = await Promise.all([databaseUrlPath, databaseDir].map(isThere));
  await rm(removeData ? determinedDir : databaseUrlPath, { recursive: true, force: true });
  return { own: !hasData ? 'none' : removeData ? 'removed' : 'kept', hadUrl: hadUrl === true };
};

const owns: Readonly<Record<LeftDatabase['own'], string>> = {
  removed: "the data of the instance's database was removed",
  kept: "the data of the instance's database is kept; --remove-data removes it",
  none: 'the instance has no database',
};

/** For people, in one line. */
export const describeLeft = ({ own, hadUrl }: LeftDatabase): string => {
  const yours = 'your own database is left as it is, and its address forgotten';
  if (!hadUrl) return owns[own];
  return own === 'none' ? yours : `${yours}; ${owns[own]}`;
};
