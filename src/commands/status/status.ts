import { setTimeout as pause } from 'node:timers/promises';
import { describeNodeUse } from '../../cluster/native/isolation/limits.ts';
import { UserError } from '../../lib/errors.ts';
import { plain, plainJson } from '../../lib/text/plain.ts';
import { originOf } from '../../model/master-endpoint.ts';
import { stateText } from '../../model/tunnel-status.ts';
import { describePlace } from '../../providers/providers.ts';
import { describeExposure } from '../../tunnel/exposure.ts';
import { asTyped } from '../as-typed.ts';
import { type CommandInput, print, readMade } from '../command.ts';
import { noInstance } from '../open-instance.ts';
import { findStatus, type InstanceStatus, listStatus } from './look.ts';
import { describeLostMaster } from './own-master.ts';
import { describeTransports, type KnownTransports, withTransports } from './transports.ts';
import { describeChanger, lockedId } from './unfinished.ts';

type Row = readonly [label: string, value: string | false | undefined];

const rowsOf = (status: InstanceStatus): readonly Row[] => {
  const { record, keeper, use, taskListeners, tunnels, ownMaster, exposed, lostMaster } = status;
  const { gateway, master, provider } = record ?? {};
  const { start, end } = gateway?.portRange ?? {};
  const isCounted = gateway && taskListeners !== undefined;
  return [
    ['provider', record && [provider, describePlace(record)].filter(Boolean).join(', ')],
    ['gateway', gateway && `${gateway.namespace}/${gateway.name} at ${gateway.address}, ports ${start}-${end}`],
    ['tasks', isCounted && `${taskListeners} of ${gateway.capacity.limit} listeners in use`],
    ...describeTransports(status).map((text): Row => ['listeners', text]),
    ['master', master && `${originOf(master)} as tasks dial it (${master.via})`],
    ['', lostMaster && `! ${describeLostMaster(lostMaster)}`],
    [
      'web UI',
      ownMaster &&
        `${ownMaster.url}, ${ownMaster.state}; user admin${ownMaster.passwordFile ? `, password in ${ownMaster.passwordFile}` : ''}`,
    ],
    ...(exposed ?? []).map((one): Row => ['exposed', describeExposure(one)]),
    [
      'tunnel',
      tunnels?.tunnel && `${tunnels.tunnel.target}: ${stateText(tunnels.tunnel.state)} since ${tunnels.tunnel.since}`,
    ],
    ['forwards', tunnels?.forward && `${tunnels.forward.state}, ${tunnels.forward.listeners.length} listeners`],
    ['node', use && describeNodeUse(use)],
    [
      'processes',
      keeper?.children
        .map((child) => `${child.name} ${child.state}${child.restarts ? ` (restarted ${child.restarts}x)` : ''}`)
        .join(', '),
    ],
  ];
};

const describe = (status: InstanceStatus): string => {
  const { name, state, changedBy } = status;
  // said in the first line already
  const problems = status.problems.filter(({ id }) => id !== lockedId);
  const lines = rowsOf(status).flatMap(([label, value]) => (value ? [`  ${label.padEnd(10)} ${plain(value)}`] : []));
  const trouble = problems.map(({ message, hint }) => `  ✖ ${plain(message)}\n    to fix: ${plain(hint)}`);
  const isDegraded = state === 'running' && problems.length > 0;
  const busy = changedBy ? `, ${describeChanger(changedBy)} is changing it` : '';
  const notes = (status.notes ?? []).map((note) => `  note: ${plain(note)}`);
  return [`${name}: ${state}${isDegraded ? ', degraded' : ''}${busy}`, ...lines, ...trouble, ...notes].join('\n');
};

/** The first problem found, which gives the exit code; stdout has them all, with their hints. */
const refuseProblems = (all: readonly InstanceStatus[]): void => {
  const found = all.flatMap(({ name, problems }) => problems.map((problem) => ({ name, problem })));
  const [first, ...more] = found;
  if (!first) return;
  const further = more.length === 0 ? '' : `, and ${more.length} further ${more.length === 1 ? 'problem' : 'problems'}`;
  throw new UserError(`instance ${first.name}: ${first.problem.message}${further}`, { id: first.problem.id });
};

/** The instance that was named, else all. Throws UserError `environment.no-instance` for a name that there is not. */
const look = async (input: CommandInput, known: KnownTransports): Promise<readonly InstanceStatus[]> => {
  const { context, origins } = await readMade(input);
  const isAll = origins['name'] === 'default';
  const found = isAll ? await listStatus(context) : [await findStatus(context)].filter((one) => one !== undefined);
  // nothing of a name that there is not is no success
  if (!isAll && found.length === 0) throw await noInstance(context);
  return Promise.all(found.map((one) => withTransports(one, known)));
};

const render = (all: readonly InstanceStatus[], { flags, invocation }: CommandInput): string => {
  if (flags.json) return plainJson(all, 2);
  const text = all.length > 0 ? all.map(describe).join('\n\n') : 'no instances yet; make one: taskgate up';
  return asTyped(text, invocation.env);
};

const watchPauseMs = 1_000;

/** What was watched and is gone may come again. */
const goneSince =
  (last: string) =>
  (error: unknown): string => {
    if (last !== '' && error instanceof UserError && error.id === 'environment.no-instance') return error.message;
    throw error;
  };

/** Prints what is there now, and again whenever it has changed; ends by the signal only. */
const watchStatus = async (input: CommandInput): Promise<never> => {
  const { signal } = input.invocation;
  const known: KnownTransports = new Map();
  let last = '';
  for (;;) {
    const text = await look(input, known).then((all) => render(all, input), goneSince(last));
    if (text !== last) print(last ? `\n${new Date().toISOString()}\n${text}` : text);
    last = text;
    await pause(watchPauseMs, undefined, { signal }).catch(() => undefined);
    signal.throwIfAborted();
  }
};

/** Prints what is there. Throws the first problem found, so that the exit code shows it. */
export const status = async (input: CommandInput, { watch }: { readonly watch: boolean }): Promise<void> => {
  if (watch) return watchStatus(input);
  const seen = await look(input, new Map());
  print(render(seen, input));
  refuseProblems(seen);
};
