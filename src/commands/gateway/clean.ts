import { type Freed, freeHoldings } from '../../gateway/leaks/free.ts';
import type { TaskPlace } from '../../gateway/leaks/holdings.ts';
import { findHoldings, findMissingRights } from '../../gateway/leaks/look.ts';
import { identityOf } from '../../instance/identity.ts';
import type { Instance } from '../../instance/instance.ts';
import { withInstanceLock } from '../../instance/lock.ts';
import { UserError } from '../../lib/errors.ts';
import type { Kube } from '../../lib/kube/client.ts';
import type { Gateway } from '../../lib/kube/shapes.ts';
import { gatewayRef } from '../../model/gateway-api.ts';
import { instanceLabel, isOfInstance } from '../../model/labels.ts';
import type { MasterInfo } from '../../proof/probe/placeholder-master.ts';
import { asTyped } from '../as-typed.ts';
import { type CommandInput, print, printJson, printNote, printProgress, readMade } from '../command.ts';
import { openInstance } from '../open-instance.ts';
import { taskPlaceOf } from '../status/dead-tasks.ts';
import { findOwnMaster } from '../status/own-master.ts';
import { type CleanFlags, planClean, type Row, renderRows } from './plan.ts';

/** What was seen, and with `--yes` what has become of it. */
export type Cleaned = {
  readonly gateway: string;
  readonly namespace: string;
  /** The instance's own master, where one answers. */
  readonly master?: MasterInfo;
  readonly tasks: readonly Row[];
  readonly freed?: readonly Freed[];
};

type CleanInput = {
  readonly kube: Kube;
  readonly instance: Pick<Instance, 'record'>;
  readonly place: TaskPlace;
  readonly master: MasterInfo | undefined;
  readonly flags: CleanFlags;
  readonly signal?: AbortSignal;
  readonly onProgress?: (line: string) => void;
  /** Between the two looks. */
  readonly pauseMs?: number;
};

const verifyRights = async ({ kube, place, flags: { yes, ended } }: CleanInput): Promise<void> => {
  const missing = await findMissingRights(kube, place, { free: yes, ended });
  if (missing.length === 0) return;
  throw new UserError(`you may not ${missing.join(', may not ')}`, {
    id: 'gateway.clean-rights',
    hint: 'whether a task lives is known only to who may list the Jobs and pods of the whole cluster; use an account that has these rights',
  });
};

/** An adopted Gateway has no instance's label; one that has another's is that instance's to clean. */
const verifyOwner = async ({ kube, place, instance }: CleanInput): Promise<void> => {
  const gateway = await kube.find<Gateway>(gatewayRef(place.gateway));
  const other = gateway?.metadata.labels?.[instanceLabel];
  if (!gateway || other === undefined || isOfInstance(gateway, identityOf(instance.record()))) return;
  const { namespace, name } = place.gateway;
  throw new UserError(`Gateway ${namespace}/${name} belongs to instance ${other}, not to this one`, {
    id: 'cluster.not-ours',
    hint: `run it there: taskgate gateway clean --name ${other}`,
  });
};

/**
 * Shows what dead tasks hold, and with `yes` frees it. Throws UserError `gateway.clean-rights` and `cluster.not-ours` before
 * anything is changed.
 */
export const cleanGateway = async (input: CleanInput): Promise<Cleaned> => {
  const { kube, place, master, flags, signal, pauseMs } = input;
  await verifyRights(input);
  await verifyOwner(input);
  const waits = { ...(signal && { signal }), ...(pauseMs !== undefined && { pauseMs }) };
  const holdings = await findHoldings(kube, place, waits);
  const tasks = planClean(holdings, { master, ended: flags.ended });
  const { namespace, gateway } = place;
  const seen = { gateway: `${gateway.namespace}/${gateway.name}`, namespace, ...(master && { master }), tasks };
  if (!flags.yes) return seen;
  const due = new Set(tasks.filter(({ kept }) => kept === undefined).map(({ allocation }) => allocation));
  const chosen = holdings.filter(({ allocationId }) => due.has(allocationId));
  const onProgress = (allocationId: string) => input.onProgress?.(`freeing what task ${allocationId} has left`);
  return { ...seen, freed: await freeHoldings(kube, place, chosen, { onProgress, ...waits }) };
};

const masterNote = ({ master }: Cleaned): readonly string[] =>
  master
    ? [
        `master ${master.version} answers: at its next start it frees by itself what is none of its tasks', and at the second what was lost with a node. What has neither Job nor pod can safely be freed beside it.`,
      ]
    : [];

/** What of a task stays, and why. */
const describeStuck = ({ allocationId, left, because }: Freed): string =>
  `${left.join(', ')} of ${allocationId}: ${because}`;

const isStuck = ({ left }: Freed): boolean => left.length > 0;

const ending = ({ tasks, freed }: Cleaned, again: string): readonly string[] => {
  if (freed)
    return [
      ...freed.flatMap(({ allocationId, removed }) => removed.map((one) => `freed: ${one} of ${allocationId}`)),
      ...freed.filter(isStuck).map((one) => `stays: ${describeStuck(one)}`),
    ];
  const due = tasks.filter(({ kept }) => kept === undefined).length;
  return due > 0
    ? [`Nothing was changed. To free what ${due === 1 ? 'that task has' : `those ${due} tasks have`} left: ${again}`]
    : [];
};

/** What is shown to people. */
export const describeCleaned = (cleaned: Cleaned, again: string, nowMs: number): string => {
  const { gateway, namespace, tasks } = cleaned;
  if (tasks.length === 0) return `Gateway ${gateway} and namespace ${namespace} have nothing of dead tasks`;
  return [renderRows(tasks, nowMs), ...masterNote(cleaned), ...ending(cleaned, again)].join('\n');
};

const mostStuck = 3;

/** Throws UserError `gateway.not-freed` with each reason, three at most, if something is left that was to be freed. */
export const refuseLeft = ({ freed = [] }: Cleaned): void => {
  const stuck = freed.filter(isStuck);
  if (stuck.length === 0) return;
  const count = stuck.flatMap(({ left }) => left).length;
  const who = stuck.length === 1 ? 'a dead task' : `${stuck.length} dead tasks`;
  const what = count === 1 ? `1 object of ${who} stays` : `${count} objects of ${who} stay`;
  const rest = stuck.length - mostStuck;
  const more = rest > 0 ? [`and of ${rest} more ${rest === 1 ? 'task' : 'tasks'}`] : [];
  throw new UserError(`${what}: ${[...stuck.slice(0, mostStuck).map(describeStuck), ...more].join('; ')}`, {
    id: 'gateway.not-freed',
    hint: `what else was due was freed; mend the ${stuck.length === 1 ? 'reason' : 'reasons'} and run it again`,
  });
};

/**
 * Shows what tasks have left on the instance's Gateway and in its task namespace that are no more, and with `--yes` frees
 * it. Tested in test/commands/gateway/clean.test.ts.
 */
export const gatewayClean = async (input: CommandInput, flags: CleanFlags): Promise<void> => {
  const { context } = await readMade(input);
  const { config, signal } = context;
  const work = async (): Promise<Cleaned> => {
    const { instance, kube } = await openInstance(context);
    const { info: master } = await findOwnMaster(instance, config.master);
    return cleanGateway({
      kube,
      instance,
      place: taskPlaceOf(config),
      master,
      flags,
      signal,
      onProgress: printProgress,
    });
  };
  const cleaned = flags.yes ? await withInstanceLock(context, work, printNote) : await work();
  const again = `taskgate gateway clean --name ${config.name}${flags.ended ? ' --ended' : ''} --yes`;
  if (input.flags.json) printJson(cleaned);
  else print(asTyped(describeCleaned(cleaned, again, Date.now()), input.invocation.env));
  refuseLeft(cleaned);
};
