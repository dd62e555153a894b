import type { InstanceRecord } from '../../src/instance/record.ts';
import { childrenOf } from '../../src/lib/process/processes.ts';
import { type Command, execaRunner } from '../../src/lib/process/runner.ts';
import type { SshServer } from './sshd.ts';

/** TEST-NET-2 of RFC 5737: nobody's addresses. */
const ends = { server: '198.51.100.1', node: '198.51.100.2' } as const;
const linkName = 'tg-node';

/**
 * A wire from a native node to the machine of an sshd, by which its pods reach that machine: a native node has no other way
 * out. It goes with either of the two.
 */
export const linkNode = async (
  { name, journal, cidr = '' }: Pick<InstanceRecord, 'name' | 'journal' | 'cidr'>,
  { network, address }: Pick<SshServer, 'network' | 'address'>,
): Promise<void> => {
  const keeper = journal.find((one) => one.kind === 'keeper');
  if (keeper?.kind !== 'keeper') throw new Error(`instance ${name} has no keeper`);
  const [pid = 0] = await childrenOf(keeper.process.pid);
  const atServer = network.inside;
  const atNode = (command: Command): Command => ['nsenter', '--target', String(pid), '--net', ...command];
  const run = async (...commands: readonly Command[]) => {
    for (const command of commands) await execaRunner(command);
  };
  await run(
    atServer(['ip', 'link', 'add', linkName, 'type', 'veth', 'peer', 'name', linkName, 'netns', String(pid)]),
    atServer(['ip', 'address', 'add', `${ends.server}/30`, 'dev', linkName]),
    atServer(['ip', 'link', 'set', linkName, 'up']),
    atServer(['ip', 'route', 'add', cidr, 'via', ends.node]),
    atNode(['ip', 'address', 'add', `${ends.node}/30`, 'dev', linkName]),
    atNode(['ip', 'link', 'set', linkName, 'up']),
    atNode(['ip', 'route', 'add', `${address}/32`, 'via', ends.server]),
  );
};
