import { expect, test } from 'vitest';
import { mountTable, nodeRootSetup, renderFstab } from '../../../../src/cluster/native/isolation/node-root.ts';
import { emptyTree } from '../../../support/cluster/host-tree.ts';

const hierarchies = [{ path: '/sys/fs/cgroup' }];
const instanceDir = '/home/user/state/dev';
const tree = {
  programs: ['/usr', '/cache/etcd', '/opt/runc'],
  programFiles: ['/opt/runc'],
  copied: ['/bin', '/dev/null'],
  etcFiles: ['/etc/hosts'],
  emptied: ['/proc/kcore'],
  sealed: ['/proc/sysrq-trigger'],
  programMounts: ['/', '/usr'],
};
const table = mountTable(tree, hierarchies, instanceDir);
const optionsOf = (target: string): string | undefined => table.find((mount) => mount.target === target)?.options;
const commands = nodeRootSetup(tree, hierarchies, instanceDir).map((step) =>
  'run' in step ? step.run.join(' ') : `write ${step.write.path}`,
);

test('programs are read-only; of the instance only node and logs are there, to be written', () => {
  expect(optionsOf('/usr')).toBe('bind,ro');
  expect(optionsOf('/cache/etcd')).toBe('bind,ro');
  const own = table.filter(({ target }) => target.startsWith(instanceDir));
  expect(own.map(({ target, options }) => `${target} ${options}`)).toEqual([
    `${instanceDir}/node bind`,
    `${instanceDir}/logs bind`,
  ]);
});

test("the kernel's settings are read-only, except the network's and those that kubelet writes", () => {
  expect(optionsOf('/proc/sys')).toBe('bind,ro');
  expect(optionsOf('/proc/sys/net')).toBe('bind');
  expect(optionsOf('/proc/sysrq-trigger')).toBe('bind,ro');
  expect(optionsOf('/sys')).toBe('ro');
  expect(table).toContainEqual({
    source: '/sys/run/sysctl/vm/overcommit_memory',
    target: '/proc/sys/vm/overcommit_memory',
    type: 'none',
    options: 'bind',
  });
  for (const target of ['/proc/kcore', '/dev/kmsg']) {
    expect(table.find((mount) => mount.target === target)?.source, target).toBe('/sys/dev/null');
  }
});

test('what lies on top of another mount comes after it', () => {
  const targets = table.map(({ target }) => target);
  for (const [index, target] of targets.entries()) {
    expect(
      targets.slice(index + 1).filter((later) => target.startsWith(`${later}/`)),
      target,
    ).toEqual([]);
  }
});

test('blanks and backslashes of a path are octal in the table', () => {
  const mount = { source: '/a b', target: '/c\\d', type: 'none', options: 'bind' };
  expect(renderFstab([mount])).toBe('/a\\040b /sys/c\\134d none bind,X-mount.mkdir 0 0\n');
});

test('a program that is mounted by itself has a file to be mounted on', () => {
  expect(commands).toContain('write /sys/opt/runc');
  expect(commands).not.toContain('write /sys/cache/etcd');
});

test("the host's tree goes once the mounts of the supervisor's program are read-only", () => {
  const pivot = commands.indexOf('pivot_root /sys /sys/mnt');
  expect(commands.slice(pivot + 1)).toEqual([
    'mount --no-mtab -o remount,bind,ro /mnt/',
    'mount --no-mtab -o remount,bind,ro /mnt/usr',
    'umount --lazy /mnt',
    'mount --no-mtab --make-rshared /',
  ]);
  expect(commands[pivot - 1]).toBe('mount --no-mtab --all --fstab /sys/run/fstab');
  expect(commands).toContain('cp -L --parents /etc/hosts /sys');
});

test('a host without any of it needs no command for it', () => {
  const few = nodeRootSetup(emptyTree, hierarchies, instanceDir);
  expect(few.some((step) => 'run' in step && step.run[0] === 'cp')).toBe(false);
});
