import type { NodeUse } from '../../cluster/native/isolation/limits.ts';
import { readTunnelSpec } from '../../daemon/spec.ts';
import { findInstance, type Instance, isTunnelOnly, listNames } from '../../instance/instance.ts';
import type { InstanceRecord } from '../../instance/record.ts';
import { UserError } from '../../lib/errors.ts';
import type { ProviderName } from '../../model/cluster.ts';
import type { Problem } from '../../model/problem.ts';
import type { TunnelDaemonStatus } from '../../model/tunnel-status.ts';
import type { CommandContext } from '../../providers/context.ts';
import { providerOf } from '../../providers/providers.ts';
import type { SupervisorStatus } from '../../supervisor/spec.ts';
import { type Exposure, listExposure } from '../../tunnel/exposure.ts';
import { findMasterStatus, type MasterStatus, problemsOfMaster } from '../master/look.ts';
import { findVersionNote } from '../master-root/version.ts';
import { asMade } from '../settings/kept.ts';
import { lookAtCluster, runUp } from './cluster.ts';
import { findOwnMaster, type LostMaster, lostOf, type OwnMaster } from './own-master.ts';
import { lookAtSupervisor } from './supervisor.ts';
import type { TaskListener } from './transports.ts';
import { lookAtTunnels } from './tunnels.ts';
import { type Changer, findChanger, judgeUnfinished } from './unfinished.ts';

export type InstanceStatus = {
  readonly name: string;
  readonly state: 'running' | 'stopped' | 'absent' | 'unknown';
  /** Undefined when it cannot be read; then there is a problem. */
  readonly record?: Omit<InstanceRecord, 'journal' | 'schema'>;
  readonly keeper?: SupervisorStatus;
  /** What a native node uses of this machine, and its limits. */
  readonly use?: NodeUse;
  /** Listeners of tasks on the Gateway now. */
  readonly taskListeners?: number;
  /** The same, one by one. */
  readonly listeners?: readonly TaskListener[];
  /** Ports of task listeners on each address of every node. */
  readonly nodePorts?: readonly number[];
  /** Its own master answered before and no longer does. */
  readonly lostMaster?: LostMaster;
  readonly tunnels?: TunnelDaemonStatus;
  /** The master that it runs. */
  readonly ownMaster?: MasterStatus;
  /** Every address of it that others reach. */
  readonly exposed?: readonly Exposure[];
  /** The process that changes it now. */
  readonly changedBy?: Changer;
  readonly problems: readonly Problem[];
  /** What the user should know, and what is no problem. */
  readonly notes?: readonly string[];
};

/** Shown for an instance whose cluster does not run. */
const notRunning: Readonly<Record<ProviderName, string>> = {
  native: "the cluster's processes are gone: they were killed, or the machine was restarted; its data is kept",
  minikube: 'the cluster does not run: it was stopped outside taskgate, or its machine ended',
  attach: 'the cluster does not run',
};

/** An instance that has a tunnel and no cluster of its own. */
const tunnelStatus = async (instance: Instance, { config }: CommandContext): Promise<InstanceStatus> => {
  const { journal: _, schema: __, ...record } = instance.record();
  const look = await lookAtTunnels(instance, `run: taskgate tunnel up --name ${config.name}`);
  const exposed = listExposure({ record, spec: await readTunnelSpec(instance.dir), status: look.tunnels });
  return { name: record.name, state: look.tunnels ? 'running' : 'stopped', record, ...look, exposed };
};

type Looks = Pick<
  InstanceStatus,
  'keeper' | 'use' | 'taskListeners' | 'listeners' | 'nodePorts' | 'notes' | 'problems'
>;

const lookAtRunning = async (
  context: CommandContext,
  instance: Instance,
  ownMaster: Promise<OwnMaster>,
): Promise<Looks> => {
  const [keeper, cluster] = await Promise.all([
    lookAtSupervisor(context, instance.record()),
    lookAtCluster(context, instance, ownMaster),
  ]);
  return { ...keeper, ...cluster, problems: [...keeper.problems, ...cluster.problems] };
};

/** Looks at one instance; changes nothing. Undefined when there is none of the configured name. */
export const findStatus = async (given: CommandContext): Promise<InstanceStatus | undefined> => {
  const instance = await findInstance(given.folders.stateDir, given.config.name);
  if (!instance) return undefined;
  const context = { ...given, config: asMade(given.config, instance.record()) };
  const { journal: _, schema: __, ...record } = instance.record();
  const { name } = record;
  if (isTunnelOnly(instance)) return tunnelStatus(instance, context);
  const state = await providerOf(context, { instance }).find();
  const again = runUp(instance.record());
  const isRunning = state === 'running';
  // asked once: it may take seconds to say nothing
  const asked = findOwnMaster(instance, context.config.master);
  const look = (): Promise<Looks> | Looks =>
    isRunning ? lookAtRunning(context, instance, asked) : { problems: [notRunningProblem(record, state, again)] };
  const [looks, ownMaster, note, tunnels, changedBy, answer] = await Promise.all([
    look(),
    findMasterStatus(instance),
    isRunning ? asked.then((own) => findVersionNote(instance, own)) : undefined,
    lookAtTunnels(instance, again),
    findChanger(context.folders.stateDir, name),
    asked,
  ]);
  const lostMaster = lostOf(answer);
  // a tunnel goes on without the cluster
  const reached = isRunning ? record : { provider: record.provider };
  const { nodePorts } = looks;
  const spec = await readTunnelSpec(instance.dir);
  const exposed = listExposure({ record: reached, spec, status: tunnels.tunnels, nodePorts });
  const seen = {
    record: instance.record(),
    problems: [
      ...looks.problems,
      ...tunnels.problems,
      ...(ownMaster ? problemsOfMaster(ownMaster, { name, again }) : []),
    ],
    again,
  };
  const problems = judgeUnfinished(seen, changedBy);
  const notes = [...(looks.notes ?? []), ...(note ? [note] : [])];
  const beside = {
    ...(changedBy && { changedBy }),
    ...(ownMaster && { ownMaster }),
    ...(notes.length > 0 && { notes }),
    // what keeps one of its own says itself how that does
    ...(lostMaster && !ownMaster && { lostMaster }),
  };
  return { name, state, record, ...looks, ...tunnels, exposed, ...beside, problems };
};

/** Minikube forgets a profile that was deleted; the journal remembers a native cluster. */
const absence = ({ cluster }: Pick<InstanceRecord, 'cluster'>): string =>
  cluster ? 'the cluster is gone: it was deleted outside taskgate' : 'the cluster was never started';

const notRunningProblem = (
  record: Pick<InstanceRecord, 'provider' | 'cluster'>,
  state: InstanceStatus['state'],
  hint: string,
): Problem => {
  const message = state === 'stopped' ? notRunning[record.provider] : absence(record);
  return { id: 'cluster.stopped', message, hint };
};

/** A record that cannot be read is a problem of its instance alone. */
const unreadable = (name: string, error: unknown): InstanceStatus => {
  if (!(error instanceof UserError)) throw error;
  const { id, message, hint = '' } = error;
  return { name, state: 'unknown', problems: [{ id, message, hint }] };
};

/** Looks at every instance of this user. */
export const listStatus = async (context: CommandContext): Promise<readonly InstanceStatus[]> => {
  const names = await listNames(context.folders.stateDir);
  const look = (name: string) =>
    findStatus({ ...context, config: { ...context.config, name } }).catch((error) => unreadable(name, error));
  const found = await Promise.all(names.map(look));
  return found.filter((status) => status !== undefined);
};
