import { expect, test } from 'vitest';
import {
  fenceCommand,
  fenceSetup,
  hasFence,
  renderFenceChange,
} from '../../../../src/cluster/native/isolation/firewall.ts';
import type { FenceSettings } from '../../../../src/cluster/native/spec.ts';
import { nativeSpec } from '../../../support/cluster/native-spec.ts';

// the rules at work: test/process/native-fence.test.ts
const { network, fence } = nativeSpec;
const leaving = (change: Partial<FenceSettings>, addresses: readonly string[] = ['10.210.255.1']): readonly string[] =>
  renderFenceChange({ network, settings: { ...fence, ...change }, master: { addresses, port: 8080 } })
    .split('\n')
    .filter((line) => line.startsWith('-A TASKGATE-LEAVE'))
    .slice(1);

const refuse = '-A TASKGATE-LEAVE -j MARK --set-xmark 0x2000000/0x2000000';

test.each([
  ['master', ['-A TASKGATE-LEAVE -d 10.210.255.1 -p tcp --dport 8080 -j RETURN', refuse]],
  [
    'host',
    [
      '-A TASKGATE-LEAVE -d 10.210.255.1 -p tcp --dport 8080 -j RETURN',
      '-A TASKGATE-LEAVE -d 10.210.255.1 -j RETURN',
      refuse,
    ],
  ],
  ['all', []],
] as const)('egress %s', (egress, rules) => expect(leaving({ egress })).toEqual(rules));

test('a master behind a name has all its addresses; one that is not known is not reached', () => {
  expect(leaving({}, ['192.0.2.1', '192.0.2.2'])).toHaveLength(3);
  expect(leaving({}, [])).toEqual([refuse]);
});

test('the rules are there before the link, with the iptables of the node; links get no IPv6 addresses', () => {
  const [ipv6, rules, restore] = fenceSetup(nativeSpec);
  expect(ipv6).toEqual({ run: ['sh', '-c', expect.stringContaining('/ipv6/conf/default/disable_ipv6')] });
  const path = '/run/taskgate-fence.rules';
  expect(rules).toEqual({ write: { path, text: expect.stringContaining('-A PREROUTING -j TASKGATE-ENTER') } });
  const program = ['env', 'LD_LIBRARY_PATH=/libs', '/bin/iptables-restore', '--wait', '--noflush'];
  expect(restore).toEqual({ run: [...program, path] });
  expect(fenceCommand(nativeSpec, 42, ['/cg/node']).slice(-program.length)).toEqual(program);
});

test('a node is known by its setup to have a fence: to change rules that nothing leads to would close nothing', () => {
  expect(hasFence(fenceSetup(nativeSpec))).toBe(true);
  expect(hasFence([{ run: ['ip', 'link', 'set', 'lo', 'up'] }, { write: { path: '/run/other', text: '' } }])).toBe(
    false,
  );
});
