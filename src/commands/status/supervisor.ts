import { readNodeUse } from '../../cluster/native/isolation/limits.ts';
import { instanceDirOf, instancePaths } from '../../instance/paths.ts';
import type { InstanceRecord } from '../../instance/record.ts';
import type { Problem } from '../../model/problem.ts';
import type { CommandContext } from '../../providers/context.ts';
import type { ChildStatus, SupervisorStatus } from '../../supervisor/spec.ts';
import { findSupervisorStatus } from '../../supervisor/status-socket.ts';

/** How Node.js says that the program could not even be started: ENOENT as an exit code. */
const noProgram = 'exited with -2';

const describeChild = ({ name, state, restarts, lastExit }: ChildStatus): string => {
  const last = lastExit === undefined ? '' : `: it ${lastExit}`;
  const times = restarts === 0 ? '' : `, restarted ${restarts} ${restarts === 1 ? 'time' : 'times'}`;
  return state === 'backoff' ? `${name} does not stay up${last}${times}` : `${name} is ${state}${last}${times}`;
};

/** The node sees the cache as it was when it started; a new start, with its data, sees it as it is now. */
const childProblem = (child: ChildStatus, { name, journal }: InstanceRecord): Problem => {
  const id = 'cluster.child-not-ready';
  if (child.lastExit !== noProgram) {
    return { id, message: describeChild(child), hint: `see: taskgate logs ${child.name} --name ${name}` };
  }
  const supervisor = journal.findLast((resource) => resource.kind === 'keeper')?.process.pid;
  return {
    ...{ id, message: `${child.name} cannot be started: its program is gone, the cache was removed under it` },
    hint: `end the node, which keeps its data: kill -9 ${supervisor}; then: taskgate up --name ${name}`,
  };
};

const problemsOf = (supervisor: SupervisorStatus | undefined, record: InstanceRecord): readonly Problem[] => {
  if (!supervisor) {
    const message = 'the supervisor runs but does not answer on its socket';
    return [{ id: 'cluster.keeper-silent', message, hint: `taskgate down --name ${record.name}, then up` }];
  }
  return supervisor.children.filter(({ state }) => state !== 'ready').map((child) => childProblem(child, record));
};

/** The processes of a native cluster. */
export const lookAtSupervisor = async ({ folders }: CommandContext, record: InstanceRecord) => {
  const { name, provider, journal } = record;
  if (provider !== 'native') return { problems: [] };
  const keeper = await findSupervisorStatus(instancePaths(instanceDirOf(folders.stateDir, name)).supervisorSocketPath);
  const use = await readNodeUse(journal.flatMap((one) => (one.kind === 'cgroups' ? one.paths : [])));
  return { ...(keeper && { keeper }), use, problems: problemsOf(keeper, record) };
};
