import { determinedPaths, instancePaths } from '../instance/paths.ts';
import type { Child, SupervisorSpec } from '../supervisor/spec.ts';
import { type DatabaseSpec, databaseAsChild, databaseChild, databaseSetup } from './database/data.ts';
import type { MasterProgram } from './program/program.ts';

/** Name of the child, and so of its log. */
export const masterChild = 'determined-master';

/** What an instance runs besides its cluster. */
export type StackSpec = {
  readonly instance: string;
  readonly instanceDir: string;
  readonly program: MasterProgram;
  /** Where the master listens on this host. */
  readonly port: number;
  /** Whether it listens with TLS. */
  readonly tls: boolean;
  /** Undefined for a database of the user's own. */
  readonly database?: { readonly spec: DatabaseSpec; readonly isMade: boolean };
};

/** The master as a child: SIGTERM ends it within 3 s and leaves its tasks alone. */
const masterAsChild = ({ program, port, tls, database, instanceDir }: StackSpec): Child => ({
  name: masterChild,
  command: [program.path, '--config-file', determinedPaths(instanceDir).configPath],
  after: database ? [databaseChild] : [],
  // with its own certificate, which nobody needs to check here
  probe: { kind: 'http', url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}/info` },
  tether: {},
  ending: { signal: 'SIGTERM', graceMs: 5_000 },
});

type Owner = Pick<StackSpec, 'instance' | 'instanceDir'>;

/** What the supervisors of an instance's master and database have in common. */
const supervisorSpec = (
  { instance, instanceDir }: Owner,
  work: Pick<SupervisorSpec, 'setup' | 'children'>,
): SupervisorSpec => ({
  instance,
  socketPath: determinedPaths(instanceDir).socketPath,
  logsDir: instancePaths(instanceDir).logsDir,
  ...work,
  endsInOrder: true,
});

/** The input of the supervisor of a master and its database. */
export const stackSupervisorSpec = (spec: StackSpec): SupervisorSpec => {
  const { database } = spec;
  return supervisorSpec(spec, {
    setup: database ? databaseSetup(database.spec, database.isMade) : [],
    children: [...(database ? [databaseAsChild(database.spec)] : []), masterAsChild(spec)],
  });
};

/** The input of a supervisor that makes the data of a database, and keeps nothing running. */
export const makingSpec = (owner: Owner, database: DatabaseSpec): SupervisorSpec =>
  supervisorSpec(owner, { setup: databaseSetup(database, false), children: [] });
