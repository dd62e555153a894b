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

/** The input of the supervisor of a master and its database. */
export const stackSupervisorSpec = (spec: StackSpec): SupervisorSpec => {
  const { instance, instanceDir, database } = spec;
  return {
    instance,
    socketPath: determinedPaths(instanceDir).socketPath,
    logsDir: instancePaths(instanceDir).logsDir,
    setup: database ? databaseSetup(database.spec, database.isMade) : [],
    children: [...(database ? [databaseAsChild(database.spec)] : []), masterAsChild(spec)],
    endsInOrder: true,
  };
};

/** The input of a supervisor that makes the data of a database, and keeps nothing running. */
export const makingSpec = (
  spec: Pick<StackSpec, 'instance' | 'instanceDir'>,
  database: DatabaseSpec,
): SupervisorSpec => ({
  instance: spec.instance,
  socketPath: determinedPaths(spec.instanceDir).socketPath,
  logsDir: instancePaths(spec.instanceDir).logsDir,
  setup: databaseSetup(database, false),
  children: [],
  endsInOrder: true,
});
