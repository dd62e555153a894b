import { expect, test } from 'vitest';
import { removeResource } from '../../../src/cluster/native/resources.ts';
import { fakeRunner } from '../../fakes/runner.ts';

test.each([
  [{ kind: 'link', name: 'eth0' }, 'eth0'],
  [{ kind: 'link', name: 'tg-0123456' }, 'tg-0123456'],
  [{ kind: 'link', name: 'tg-012345678' }, 'tg-012345678'],
  [{ kind: 'link', name: 'tg-0123456g' }, 'tg-0123456g'],
  [{ kind: 'link', name: 'xtg-01234567' }, 'xtg-01234567'],
  [{ kind: 'cgroups', paths: ['/sys/fs/cgroup/memory'] }, '/sys/fs/cgroup/memory'],
  [{ kind: 'cgroups', paths: ['/sys/fs/cgroup/memory/taskgate-dev/../system.slice'] }, 'system.slice'],
  [{ kind: 'cgroups', paths: ['/tmp/taskgate-x'] }, '/tmp/taskgate-x'],
  [{ kind: 'cgroups', paths: ['/sys/fs/cgroup/memory/taskgate-x/y'] }, 'taskgate-x/y'],
  [{ kind: 'cgroups', paths: ['/sys/fs/cgroup/memory/taskgate-'] }, 'memory/taskgate-'],
  [{ kind: 'cgroups', paths: ['/sys/fs/cgroup/memory/user/taskgate-x'] }, 'user/taskgate-x'],
  [{ kind: 'cgroups', paths: ['/x/sys/fs/cgroup/taskgate-x'] }, '/x/sys/fs/cgroup/taskgate-x'],
  [{ kind: 'cgroups', paths: ['/sys/fs/cgroup/../taskgate-x'] }, '/sys/fs/cgroup/../taskgate-x'],
  [{ kind: 'cgroups', paths: ['/sys/fs/cgroup/./taskgate-x'] }, '/sys/fs/cgroup/./taskgate-x'],
  [{ kind: 'cgroups', paths: ['/sys/fs/cgroup/pids/taskgate-..'] }, '/sys/fs/cgroup/pids/taskgate-..'],
  [{ kind: 'cgroups', paths: ['/sys/fs/cgroup/taskgate-none-00000000', '/sys/fs/cgroup/user'] }, '/sys/fs/cgroup/user'],
] as const)('%j is refused: taskgate never makes it', async (resource, named) => {
  const { runner, calls } = fakeRunner({});
  const removing = removeResource(resource, runner);
  await expect(removing).rejects.toMatchObject({ id: 'environment.journal', message: expect.stringContaining(named) });
  expect(calls).toEqual([]);
});

const link = { kind: 'link', name: 'tg-01234567' } as const;

test('a link that is there is deleted, one that is gone is no error', async () => {
  const list = 'ip -json link show';
  const there = fakeRunner({ [list]: '[{"ifname":"tg-01234567"}]', 'ip link delete tg-01234567': '' });
  await removeResource(link, there.runner);
  expect(there.calls).toEqual([list, 'ip link delete tg-01234567']);
  const gone = fakeRunner({ [list]: '[{"ifname":"lo"}]' });
  await removeResource(link, gone.runner);
  expect(gone.calls).toEqual([list]);
});

test('cgroups that are gone already are no error', async () => {
  const { runner } = fakeRunner({});
  const gone = { kind: 'cgroups', paths: ['/sys/fs/cgroup/pids/taskgate-none-00000000'] } as const;
  await expect(removeResource(gone, runner)).resolves.toBeUndefined();
});
