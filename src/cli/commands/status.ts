import { UserError } from '../../lib/errors.ts';
import { describePlace } from '../../steps/providers.ts';
import { findStatus, type InstanceStatus, listStatus } from '../../steps/status.ts';
import { type CommandInput, contextOf, print, readConfig } from '../command.ts';

type Row = readonly [label: string, value: string | undefined];

const rowsOf = ({ record, keeper, taskListeners }: InstanceStatus): readonly Row[] => {
  const { gateway, master, provider } = record ?? {};
  return [
    ['provider', record && `${provider}, ${describePlace(record)}`],
    [
      'gateway',
      gateway &&
        `${gateway.namespace}/${gateway.name} at ${gateway.address}, ports ${gateway.portRange.start}-${gateway.portRange.end}`,
    ],
    [
      'tasks',
      gateway && taskListeners !== undefined
        ? `${taskListeners} of ${gateway.capacity.limit} listeners in use`
        : undefined,
    ],
    ['master', master && `${master.scheme}://${master.host}:${master.port} as tasks dial it (${master.via})`],
    [
      'exposed',
      gateway && `task ports on ${gateway.address}, on this host's link to the node; no protection of their own`,
    ],
    [
      'processes',
      keeper?.children
        .map((child) => `${child.name} ${child.state}${child.restarts ? ` (restarted ${child.restarts}x)` : ''}`)
        .join(', '),
    ],
  ];
};

const describe = (status: InstanceStatus): string => {
  const { name, state, problems } = status;
  const lines = rowsOf(status).flatMap(([label, value]) => (value ? [`  ${label.padEnd(10)} ${value}`] : []));
  const trouble = problems.map(({ message, hint }) => `  ✖ ${message}\n    to fix: ${hint}`);
  return [`${name}: ${state}${problems.length > 0 ? ', not as it should be' : ''}`, ...lines, ...trouble].join('\n');
};

/** The first problem found, which gives the exit code; stdout has them all, with their hints. */
const refuseProblems = (all: readonly InstanceStatus[]): void => {
  const found = all.flatMap(({ name, problems }) => problems.map((problem) => ({ name, problem })));
  const [first, ...more] = found;
  if (!first) return;
  const further = more.length === 0 ? '' : `, and ${more.length} further ${more.length === 1 ? 'problem' : 'problems'}`;
  throw new UserError(`instance ${first.name}: ${first.problem.message}${further}`, { id: first.problem.id });
};

/** Prints what is there. Throws the first problem found, so that the exit code tells. */
export const status = async (input: CommandInput): Promise<void> => {
  const { config, origins } = await readConfig(input);
  const context = contextOf(config, input);
  const isNamed = origins['name'] !== 'default';
  const one = isNamed ? await findStatus(context) : undefined;
  const all = isNamed ? (one ? [one] : []) : await listStatus(context);
  if (input.flags.json) print(JSON.stringify(all, null, 2));
  else print(all.length > 0 ? all.map(describe).join('\n\n') : `no instance${isNamed ? ` ${config.name}` : ''}`);
  refuseProblems(all);
};
