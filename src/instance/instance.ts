import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode, UserError } from '../lib/errors.ts';
import { findTextFile, ignoreAbsence, isThere, writeFileAtomically } from '../lib/files.ts';
import { makeInstanceId } from './identity.ts';
import { instanceDirOf, instancePaths, statePaths } from './paths.ts';
import { parseRecord } from './read-record.ts';
import { type InstanceRecord, type Resource, schemaVersion } from './record.ts';

/** An instance's folder and record. Every change is on disk before its promise resolves. */
export type Instance = {
  readonly dir: string;
  readonly record: () => InstanceRecord;
  readonly change: (fields: Partial<Omit<InstanceRecord, 'schema' | 'name' | 'journal'>>) => Promise<void>;
  readonly journal: (resource: Resource) => Promise<void>;
  readonly forget: (resource: Resource) => Promise<void>;
};

/** Changes are written one after the other, each based on what is on disk by then: a failed write affects no other. */
const openRecord = (dir: string, first: InstanceRecord): Instance => {
  let onDisk = first;
  let lastWrite: Promise<void> = Promise.resolve();
  const write = (change: (record: InstanceRecord) => InstanceRecord): Promise<void> => {
    const writing = lastWrite.then(async () => {
      const next = change(onDisk);
      await writeFileAtomically(instancePaths(dir).recordPath, `${JSON.stringify(next, null, 2)}\n`);
      onDisk = next;
    });
    // the failure is reported to its caller, not to the next write
    lastWrite = writing.catch(() => undefined);
    return writing;
  };
  const writeJournal = (edit: (journal: InstanceRecord['journal']) => InstanceRecord['journal']) =>
    write((record) => ({ ...record, journal: edit(record.journal) }));
  return {
    dir,
    record: () => onDisk,
    change: (fields) => write((record) => ({ ...record, ...fields })),
    journal: (resource) => writeJournal((journal) => [...journal, resource]),
    forget: (resource) => writeJournal((journal) => journal.filter((one) => one !== resource)),
  };
};

/** Until an `up` under sudo has ended, its files are root's; they stay so if it was killed. */
const ofRoot = (dir: string, name: string, cause: unknown): UserError =>
  new UserError(`only root may read ${instancePaths(dir).recordPath}`, {
    id: 'environment.instance-of-root',
    hint: `an up under sudo is running or was killed: wait for it, run it again, or run: taskgate down --name ${name}`,
    cause,
  });

/**
 * Opens an instance's record; undefined when there is none. Throws a UserError for a damaged one or one of another
 * schema, and `environment.instance-of-root` for one that this user may not read.
 */
export const findInstance = async (stateDir: string, name: string): Promise<Instance | undefined> => {
  const dir = instanceDirOf(stateDir, name);
  const text = await findTextFile(instancePaths(dir).recordPath).catch((error) => {
    throw hasCode(error, 'EACCES') ? ofRoot(dir, name, error) : error;
  });
  return text === undefined ? undefined : openRecord(dir, parseRecord(text, dir));
};

const unreadable = ['environment.instance-damaged', 'environment.instance-schema'];

/**
 * Moves a record that cannot be read aside (`instance.json.damaged`): the folder is one without a record then. Returns what
 * is wrong with it, or undefined for an instance that can be opened, or none.
 */
export const setDamagedRecordAside = async (stateDir: string, name: string): Promise<string | undefined> => {
  try {
    await findInstance(stateDir, name);
    return undefined;
  } catch (error) {
    if (!(error instanceof UserError) || !unreadable.includes(error.id)) throw error;
    const { recordPath } = instancePaths(instanceDirOf(stateDir, name));
    await rename(recordPath, `${recordPath}.damaged`);
    return error.message;
  }
};

type NewInstance = Pick<InstanceRecord, 'name' | 'provider' | 'cidr' | 'minikube' | 'attach' | 'given'>;

/** Creates an instance's folder (0700) and its first record. */
export const createInstance = async (stateDir: string, made: NewInstance): Promise<Instance> => {
  const dir = instanceDirOf(stateDir, made.name);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const createdAt = new Date().toISOString();
  const begun = { createdAt, instanceId: makeInstanceId(), ...made };
  const instance = openRecord(dir, { schema: schemaVersion, ...begun, journal: [] });
  await instance.change({});
  return instance;
};

/** Names of all folders of instances, with a record or without one. No instance's name begins with a dot. */
export const listNames = async (stateDir: string): Promise<readonly string[]> => {
  const names = (await readdir(statePaths(stateDir).instancesDir).catch(ignoreAbsence)) ?? [];
  return names.filter((name) => !name.startsWith('.')).toSorted();
};

/** Records of all instances, by name. A folder without a record is no instance: see {@link removeInstanceDir}. */
export const listInstances = async (stateDir: string): Promise<readonly InstanceRecord[]> => {
  const found = await Promise.all((await listNames(stateDir)).map((name) => findInstance(stateDir, name)));
  return found.flatMap((instance) => (instance ? [instance.record()] : []));
};

export const removeInstance = ({ dir }: Instance): Promise<void> => rm(dir, { recursive: true, force: true });

/**
 * Removes an instance of a run that failed, but for its logs: the error names them. What is left is no instance;
 * `down` and the next `up` find it. Without logs nothing is left.
 */
export const abandonInstance = async ({ dir }: Instance): Promise<void> => {
  const { logsDir } = instancePaths(dir);
  const logs = (await readdir(logsDir).catch(ignoreAbsence)) ?? [];
  if (logs.length === 0) return rm(dir, { recursive: true, force: true });
  for (const name of await readdir(dir)) {
    if (join(dir, name) !== logsDir) await rm(join(dir, name), { recursive: true, force: true });
  }
};

/**
 * Removes an instance's folder, with a record or without one (`up` was killed before it wrote one). False when there was
 * nothing to remove.
 */
export const removeInstanceDir = async (stateDir: string, name: string): Promise<boolean> => {
  const dir = instanceDirOf(stateDir, name);
  if (!(await isThere(dir))) return false;
  await rm(dir, { recursive: true, force: true });
  return true;
};

/** Whether an instance has only a tunnel, to a cluster that taskgate does not manage. */
export const isTunnelOnly = (instance: Pick<Instance, 'record'>): boolean => {
  const { cluster, cidr, minikube, attach, journal } = instance.record();
  return !cluster && !cidr && !minikube && !attach && journal.every(({ kind }) => kind === 'tunnels');
};
