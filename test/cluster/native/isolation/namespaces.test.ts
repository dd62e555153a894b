import { expect, test } from 'vitest';
import {
  droppedCapabilities,
  insideCommand,
  isolatedCommand,
  namespaceSetup,
} from '../../../../src/cluster/native/isolation/namespaces.ts';
import { emptyTree } from '../../../support/cluster/host-tree.ts';

test('the supervisor joins its cgroups first, then gets namespaces of its own and a reaper above it', () => {
  const line = isolatedCommand(['node', 'supervisor.ts', 'spec'], ['/cg/a', '/cg/b']).join(' ');
  expect(line).toMatch(
    /^sh -c set -e; cd \/; for cgroup in '\/cg\/a' '\/cg\/b'; do echo \$\$ > .*exec "\$@" join-cgroups unshare/,
  );
  expect(line).toContain('--net --mount --pid --cgroup --ipc --uts --fork --kill-child=SIGKILL --mount-proc sh');
  expect(line).toMatch(/reaper node supervisor\.ts spec$/);
});

test('capabilities are dropped above the reaper, so that no process of the node has them', () => {
  const line = isolatedCommand(['node'], [], { dropped: ['sys_module', 'sys_boot'] }).join(' ');
  expect(line).toContain('--mount-proc setpriv --bounding-set=-sys_module,-sys_boot sh -c');
  expect(droppedCapabilities).toContain('dac_read_search');
});

test('namespaces may be created by a copy of unshare', () => {
  expect(isolatedCommand(['node'], [], { unshare: '/state/dev/unshare' })).toContain('/state/dev/unshare');
});

test('what is run in a node later has no more rights there than its own processes', () => {
  const line = insideCommand(['env', 'iptables-restore'], 42, ['/cg/a']).join(' ');
  expect(line).toMatch(/for cgroup in '\/cg\/a'; .* join-cgroups setpriv --bounding-set=-audit_control,/);
  const entered = /nsenter --target 42 (.*) env iptables-restore$/.exec(line)?.[1]?.split(' ');
  expect(entered?.toSorted()).toEqual(['--cgroup', '--ipc', '--mount', '--net', '--pid', '--uts']);
});

test('the network comes after the file tree', () => {
  const steps = namespaceSetup(emptyTree, [{ path: '/sys/fs/cgroup' }], '/state/dev');
  expect(steps.slice(-2)).toEqual([
    { run: ['ip', 'link', 'set', 'lo', 'up'] },
    { write: { path: '/proc/sys/net/ipv4/ip_forward', text: '1\n' } },
  ]);
  expect(steps.at(-3)).toEqual({ run: ['mount', '--no-mtab', '--make-rshared', '/'] });
});
