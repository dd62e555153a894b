import { expect, test } from 'vitest';
import { isolatedCommand, namespaceSetup } from '../../../src/cluster/native/namespaces.ts';

const commandsOf = (instanceDir: string): readonly string[] =>
  namespaceSetup([{ path: '/sys/fs/cgroup' }], instanceDir).map((step) =>
    'run' in step ? step.run.join(' ') : `write ${step.write.path} ${step.write.text.trim()}`,
  );

test('the supervisor joins its cgroups first, then gets namespaces of its own and a reaper above it', () => {
  const line = isolatedCommand(['node', 'supervisor.ts', 'spec'], ['/cg/a', '/cg/b']).join(' ');
  expect(line).toMatch(
    /^sh -c set -e; for cgroup in '\/cg\/a' '\/cg\/b'; do echo \$\$ > .*exec "\$@" join-cgroups unshare/,
  );
  expect(line).toContain('--net --mount --pid --cgroup --ipc --uts --fork --kill-child=SIGKILL --mount-proc');
  expect(line).toMatch(/reaper node supervisor\.ts spec$/);
});

test("kubelet is shown files in place of the host's own kernel settings", () => {
  const commands = commandsOf('/root/state/dev');
  const written = commands.indexOf('write /run/sysctl/vm/overcommit_memory 1');
  const mounted = commands.indexOf('mount --bind /run/sysctl/vm/overcommit_memory /proc/sys/vm/overcommit_memory');
  expect(written).toBeGreaterThan(0);
  expect(mounted).toBe(written + 1);
});

test.each([
  ['/root/state/dev', false],
  ['/var/lib/jenkins/state/dev', true],
])('the folder %s is shown again above /var: %s', (instanceDir, expected) => {
  expect(commandsOf(instanceDir).includes(`mount --rbind /run/instance ${instanceDir}`)).toBe(expected);
});
