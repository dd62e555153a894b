import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Instance } from '../instance/instance.ts';
import { determinedPaths, instancePaths } from '../instance/paths.ts';
import { messageOf, UserError } from '../lib/errors.ts';
import { findTextFile, giveTo, isThere, type Owner, writeFileAtomically } from '../lib/files.ts';
import { parseFields } from '../lib/json.ts';
import { describeHolder, findListener } from '../lib/process/port-holder.ts';
import { findProcess } from '../lib/process/processes.ts';
import type { Report } from '../lib/progress.ts';
import { launchDaemon } from '../supervisor/launch.ts';
import type { StarterEvent, SupervisorSpec } from '../supervisor/spec.ts';
import { findSupervisorStatus } from '../supervisor/status-socket.ts';
import { untilChildrenReady } from '../supervisor/until-ready.ts';
import { type DatabaseSpec, databaseChild, removeStaleLock } from './database/data.ts';
import { makeOwnFolder } from './own-folder.ts';
import { makingSpec, masterChild, type StackSpec, stackSupervisorSpec } from './spec.ts';
import { findMasterKeeper, stopMaster, untilDatabaseGone } from './stop.ts';

type LaunchInput = {
  readonly instance: Instance;
  /** Program and first arguments of a supervisor; the path of its spec is added. */
  readonly supervisorCommand: readonly [string, ...string[]];
  /** The whole environment of master and database: a master takes settings from variables that begin with DET_. */
  readonly env: Readonly<Record<string, string>>;
  /** The user to run it as, where root starts it for the caller of sudo. */
  readonly owner?: Owner | undefined;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly report: Report;
};

export type StartMasterInput = LaunchInput & {
  readonly spec: StackSpec;
  /** The text of the master's configuration, which holds passwords. */
  readonly configuration: string;
};

export type MakeDatabaseInput = LaunchInput & { readonly database: DatabaseSpec };

const reportEvent = (event: StarterEvent, report: Report): void => {
  if (event.event !== 'child') return;
  report(`${event.name}: ${event.state}${event.detail ? ` (${event.detail})` : ''}`);
};

/** PostgreSQL tells a full disk in the system's words, or in its own (md.c). */
const hintOf = (why: string, otherwise: string): string =>
  /No space left on device|could not extend file|Check free disk space/.test(why)
    ? "free some space on the disk of the instance's folder, then repeat the command: data that was made is kept"
    : otherwise;

const ended = (why: string): UserError =>
  new UserError(`the supervisor of the master ended: ${why}`, {
    id: 'environment.master-not-started',
    hint: hintOf(why, 'the message contains the reason'),
  });

/** What a supervisor says of its children, in words for a master. */
const asMasterError = (error: unknown, name: string): unknown =>
  error instanceof UserError && error.id === 'cluster.not-started'
    ? new UserError(`the master did not start: ${error.message}`, {
        id: 'environment.master-not-started',
        hint: hintOf(
          error.message,
          `fix what the last lines say; the logs: taskgate master logs --name ${name}, taskgate logs postgres --name ${name}`,
        ),
        cause: error,
      })
    : error;

/** Whether what runs is what is wanted; the setup is of the start alone. */
const isAsWanted = async ({ spec, configuration }: StartMasterInput): Promise<boolean> => {
  const paths = determinedPaths(spec.instanceDir);
  const [text, config] = await Promise.all([paths.specPath, paths.configPath].map((path) => findTextFile(path)));
  const { children } = parseFields(text ?? '');
  const wanted: unknown = JSON.parse(JSON.stringify(stackSupervisorSpec(spec).children));
  return config === configuration && isDeepStrictEqual(children, wanted);
};

const portTaken = async (port: number): Promise<UserError> =>
  new UserError(
    `the master's port ${port} was taken by ${await describeHolder('127.0.0.1', port)} before the master had it`,
    {
      id: 'environment.master-port',
      hint: 'stop it, or choose another port for the master: --master-port PORT',
    },
  );

/**
 * Two starts at once both find the port free, and the probe of each then sees the one that came first. What listens and is
 * older than this master is another one. Throws UserError `environment.master-port`.
 */
const verifyOwnPort = async ({ instanceDir, port }: StackSpec): Promise<void> => {
  const status = await findSupervisorStatus(determinedPaths(instanceDir).socketPath);
  const own = status?.children.find(({ name }) => name === masterChild)?.pid;
  const holder = (await findListener('127.0.0.1', port))?.pid;
  const [mine, other] = await Promise.all(
    [own, holder].map((pid) => (pid === undefined ? undefined : findProcess(pid))),
  );
  // the master itself has ended, or what listens began before it
  if (other && other.pid !== own && (!mine || other.startTicks < mine.startTicks)) throw await portTaken(port);
};

/** Launches a supervisor that has made its setup; `files` are for its user. Undefined: it could not be started. */
const begin = async (input: LaunchInput, supervisorSpec: SupervisorSpec, files: readonly string[]) => {
  const { instance, env, owner, signal, timeoutMs, report } = input;
  const paths = determinedPaths(instance.dir);
  const { logsDir, masterCacheDir, kubeconfigPath } = instancePaths(instance.dir);
  for (const dir of [logsDir, masterCacheDir, paths.determinedDir]) await makeOwnFolder(dir);
  await rm(paths.databaseBegunDir, { recursive: true, force: true });
  await untilDatabaseGone(instance.dir);
  await writeFileAtomically(paths.specPath, JSON.stringify(supervisorSpec, null, 2));
  if (owner) {
    await giveTo(owner, dirname(instance.dir), instance.dir, logsDir, masterCacheDir, paths.determinedDir);
    await giveTo(owner, paths.specPath, ...files);
    if (await isThere(kubeconfigPath)) await giveTo(owner, kubeconfigPath);
  }
  const keeper = launchDaemon([...input.supervisorCommand, paths.specPath], {
    ...{ logPath: paths.logPath, logsDir, env, signal, timeoutMs, explainEnd: ended },
    ...(owner && { owner }),
    onEvent: (event) => reportEvent(event, report),
  });
  if (keeper.pid === undefined) return keeper.ended;
  const identity = await findProcess(keeper.pid);
  if (identity) await instance.journal({ kind: 'master', process: identity });
  await keeper.untilSetUp();
  return keeper;
};

const launch = async (input: StartMasterInput, supervisorSpec: SupervisorSpec): Promise<void> => {
  const { instance, spec, signal, report } = input;
  const paths = determinedPaths(instance.dir);
  await makeOwnFolder(paths.determinedDir);
  if (spec.database?.isMade) {
    await untilDatabaseGone(instance.dir);
    await removeStaleLock(paths.databaseDir);
  }
  await writeFileAtomically(paths.configPath, input.configuration);
  report(spec.database && !spec.database.isMade ? 'making the database' : 'starting');
  const files = [paths.configPath, ...(spec.database ? [paths.databasePasswordPath] : [])];
  const keeper = await begin(input, supervisorSpec, files);
  keeper.go();
  if (spec.database) await keeper.untilReady(databaseChild);
  await keeper.untilReady(masterChild);
  await verifyOwnPort(spec);
  signal.throwIfAborted();
  keeper.detach();
};

/**
 * Makes the data of a database that is not there yet; nothing runs afterwards. Throws UserError
 * `environment.master-not-started`. Tested in test/process/stack/keeper.test.ts.
 */
export const makeDatabase = async (input: MakeDatabaseInput): Promise<void> => {
  const { instance, database, report } = input;
  try {
    report('making the database');
    const spec = makingSpec({ instance: instance.record().name, instanceDir: instance.dir }, database);
    await begin(input, spec, [determinedPaths(instance.dir).databasePasswordPath]);
  } catch (error) {
    throw asMasterError(error, instance.record().name);
  } finally {
    await stopMaster(instance);
  }
};

/**
 * Ensures that an instance's master and its database run as wanted: leaves a supervisor alone that runs just that, otherwise
 * starts one. Resolves with whether it was started, once the master answers. Throws UserError `environment.master-not-started` and
 * `environment.master-port`; what it started runs no more then, and what
 * ran before is left alone until it is to be replaced. Tested in test/process/stack/keeper.test.ts.
 */
export const startMaster = async (input: StartMasterInput): Promise<boolean> => {
  const { instance, spec, signal, timeoutMs, report } = input;
  const { socketPath } = determinedPaths(instance.dir);
  const { logsDir } = instancePaths(instance.dir);
  const isKept = (await findMasterKeeper(instance)) && (await findSupervisorStatus(socketPath));
  const isReady = (): Promise<boolean> =>
    untilChildrenReady({ socketPath, logsDir, timeoutMs, signal }).then(
      () => true,
      // one that cannot be waited for is started anew, which says why if it fails, too
      () => false,
    );
  if (isKept && (await isAsWanted(input)) && (await isReady())) return false;
  signal.throwIfAborted();
  await stopMaster(instance);
  try {
    await launch(input, stackSupervisorSpec(spec));
    return true;
  } catch (error) {
    await stopMaster(instance).catch((left: unknown) => report(messageOf(left)));
    throw asMasterError(error, spec.instance);
  }
};
