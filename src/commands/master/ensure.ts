// Tested in test/e2e/with-master.test.ts
import { dirname } from 'node:path';
import { makeOwnFolder } from '../../determined/own-folder.ts';
import { masterChild, type StackSpec } from '../../determined/spec.ts';
import { makeDatabase, startMaster } from '../../determined/start.ts';
import { findMasterKeeper, stopMaster } from '../../determined/stop.ts';
import type { Instance } from '../../instance/instance.ts';
import { determinedPaths, findSocketProblem } from '../../instance/paths.ts';
import { findStateOwner } from '../../instance/state-folder.ts';
import { UserError } from '../../lib/errors.ts';
import type { Report } from '../../lib/progress.ts';
import { renderOwnedConfig } from '../../master/write/owned.ts';
import { findMasterInfo } from '../../proof/probe/master-info.ts';
import type { CommandContext } from '../../providers/context.ts';
import { stageTimeoutMs } from '../context.ts';
import { verifyMasterPort } from '../master-port.ts';
import { chooseDatabase } from './database.ts';
import { instancesOf } from './instances.ts';
import { findPortKeeper } from './port-keeper.ts';
import { chooseProgram, ensureProgram } from './programs.ts';

/** A master that answers on this host. */
export type EnsuredMaster = {
  /** Of its web UI and API, as this host reaches it. */
  readonly url: string;
  /** `started` by this command, `running` already, or the user's own, which is used as it is. */
  readonly how: 'started' | 'running' | 'yours';
  /** Its database was made now, and with it the users of its first password. */
  readonly isNew: boolean;
  readonly version?: string;
};

type Tools = { readonly signal: AbortSignal; readonly report: Report; readonly warn: (text: string) => void };

export const masterUrl = (port: number, tls: boolean): string => `${tls ? 'https' : 'http'}://127.0.0.1:${port}`;

const wantedByTwo = (name: string, other: string, port: number): UserError =>
  new UserError(`port ${port} has the master that instance ${other} runs, and instance ${name} wants one there, too`, {
    id: 'environment.master-of-another',
    hint: `have one master serve both: taskgate master up --name ${other} --master-also ${name}; or give this one another port: --master-port PORT`,
  });

/** A master that answers on the port before this instance has started one. Throws UserError `environment.master-of-another`. */
const findYours = async (
  instance: Instance,
  context: CommandContext,
  { port, tls }: { readonly port: number; readonly tls: boolean },
): Promise<EnsuredMaster | undefined> => {
  if (await findMasterKeeper(instance)) return undefined;
  const info = await findMasterInfo({ host: '127.0.0.1', port });
  if (!info) return undefined;
  const { name } = instance.record();
  const other = await findPortKeeper(context.folders.stateDir, name, port);
  if (other) throw wantedByTwo(name, other.name, port);
  return { url: masterUrl(port, tls), how: 'yours', isNew: false, ...(info.version && { version: info.version }) };
};

const verifySocket = (dir: string): void => {
  const problem = findSocketProblem(dir, determinedPaths(dir).longestSocketPath);
  if (problem) throw new UserError(problem.what, { id: 'environment.socket-path', hint: problem.hint });
};

const noMaster = (program: string, port: number): UserError =>
  new UserError(`${program} answers on port ${port}, but not as a master of Determined: its /info has no cluster_id`, {
    id: 'environment.no-master',
    hint: `name the program ${masterChild} itself: --master-program PATH`,
  });

/** The environment of a master and its database: a master takes every setting from a variable that begins with DET_, too. */
const environmentOf = ({ env }: CommandContext): Readonly<Record<string, string>> => {
  const names = ['PATH', 'HOME', 'LANG', 'TZ', 'TMPDIR', 'SSL_CERT_FILE', 'SSL_CERT_DIR'];
  return Object.fromEntries(names.flatMap((name) => (env[name] ? [[name, env[name]] as const] : [])));
};

/**
 * Does what needs no cluster before a master can be started: fetches it and its database, and makes that. Resolves with whether
 * the database was made now. What runs already, also the user's own, is left alone. Throws UserError as {@link ensureMaster} does.
 */
export const prepareMaster = async (instance: Instance, context: CommandContext, tools: Tools): Promise<boolean> => {
  if (await findMasterKeeper(instance)) return false;
  if (await findMasterInfo({ host: '127.0.0.1', port: context.config.master.port })) return false;
  verifySocket(instance.dir);
  const owner = await findStateOwner(context.env, dirname(dirname(instance.dir)));
  await makeOwnFolder(determinedPaths(instance.dir).determinedDir);
  await ensureProgram(context, tools);
  const { run } = await chooseDatabase(instance, context, { ...tools, owner });
  if (!run || run.isMade) return false;
  const supervisorCommand = context.folders.supervisorCommand;
  const launching = { ...tools, owner, supervisorCommand, env: environmentOf(context) };
  await makeDatabase({ ...launching, instance, database: run.spec, timeoutMs: stageTimeoutMs(context) });
  return true;
};

/**
 * Ensures that the instance's master and its database run: starts what does not, and leaves the user's own master on that
 * port alone. Whatever fails before it starts one leaves what runs alone; what it started and what fails is ended. Throws UserError `environment.master-*`, `environment.no-master`, `environment.database-version`, `usage.*` and
 * `artifact.*`.
 */
export const ensureMaster = async (
  instance: Instance,
  context: CommandContext,
  tools: Tools,
): Promise<EnsuredMaster> => {
  const { signal, report } = tools;
  const instances = await instancesOf(instance, context, tools.warn);
  const [{ listenPort: port, tls: certificate }] = instances;
  const tls = certificate !== undefined;
  const yours = await findYours(instance, context, { port, tls });
  if (yours) return yours;
  verifySocket(instance.dir);
  const isRunning = (await findMasterKeeper(instance)) !== undefined;
  if (!isRunning) await verifyMasterPort(context);
  const owner = await findStateOwner(context.env, dirname(dirname(instance.dir)));
  await makeOwnFolder(determinedPaths(instance.dir).determinedDir);
  const program = await chooseProgram(instance, context, tools);
  const { address, run: database } = await chooseDatabase(instance, context, { ...tools, owner });
  const spec: StackSpec = {
    ...{ instance: instance.record().name, instanceDir: instance.dir, program, port, tls },
    ...(database && { database }),
  };
  const isStarted = await startMaster({
    ...{ instance, spec, signal, report, owner, env: environmentOf(context), timeoutMs: stageTimeoutMs(context) },
    configuration: renderOwnedConfig(instances, { database: address, root: program.root }),
    supervisorCommand: context.folders.supervisorCommand,
  });
  const info = await findMasterInfo({ host: '127.0.0.1', port });
  if (!info) {
    if (isStarted) await stopMaster(instance);
    throw noMaster(program.path, port);
  }
  const isNew = isStarted && database?.isMade === false;
  const how = isStarted ? 'started' : 'running';
  return { url: masterUrl(port, tls), how, isNew, ...(info.version && { version: info.version }) };
};
