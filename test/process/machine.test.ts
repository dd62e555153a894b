import { access, chmod, chown, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect } from 'vitest';
import { cgroupPaths, parseHierarchies } from '../../src/cluster/native/isolation/cgroups.ts';
import { instanceHash, linkName } from '../../src/cluster/native/link.ts';
import {
  asNobody,
  errorOf,
  expectRefusal,
  filesOf,
  inNamespaces,
  noNamespaces,
  test,
  type User,
} from '../support/process/user.ts';

/** What an instance makes outside its folder. */
const hostTraces = async (user: User): Promise<readonly string[]> => {
  const dir = join(user.state, 'taskgate', 'instances', 'dev');
  const hierarchies = parseHierarchies(await readFile('/proc/self/mountinfo', 'utf8'));
  const paths = [`/sys/class/net/${linkName(dir)}`, ...cgroupPaths(hierarchies, `dev-${instanceHash(dir)}`)];
  const there = await Promise.allSettled(paths.map((path) => access(path)));
  return paths.filter((_, index) => there[index]?.status === 'fulfilled');
};

const describeAsRoot = describe.skipIf(noNamespaces);

describeAsRoot(`${noNamespaces}without root, and without sudo`, { concurrent: true }, () => {
  const runAsNobody = async (user: User, line: string, env: Readonly<Record<string, string | undefined>> = {}) => {
    await user.giveToNobody();
    await user.write('bin/sudo', '#!/bin/sh\necho sudo: a password is required >&2\nexit 1\n', 0o755);
    return user.run(line.split(' '), { ...asNobody, env });
  };

  test.for(['up', 'down'])('%s says so, once, and changes nothing', async (command, { user }) => {
    expectRefusal(await runAsNobody(user, command), {
      exitCode: 3,
      id: 'environment.not-root',
      says: /needs root.*uid 65534.*sudo.*\nto fix: run it as root, or allow this user sudo without a password/,
    });
    expect([...(await user.left()), ...(await hostTraces(user))]).toEqual([]);
  });

  test('an instance that only root may read is one of a native node, whatever else could be chosen', async ({
    user,
  }) => {
    const record = await user.write('state/taskgate/instances/dev/instance.json', '{}', 0o600);
    await chmod(dirname(record), 0o700);
    await chown(dirname(dirname(dirname(record))), 65_534, 65_534);
    expectRefusal(await runAsNobody(user, 'up --install-minikube'), {
      exitCode: 3,
      id: 'environment.not-root',
      says: /a native cluster needs root.*uid 65534/,
    });
  });

  test.for(['status', 'config show', '--help'])('%s works', async (line, { user }) => {
    const ended = await runAsNobody(user, line);
    expect(ended).toMatchObject({ exitCode: 0, stderr: '' });
  });

  test("status with another user's state folder: exit 3, and no bug", async ({ user }) => {
    const ended = await runAsNobody(user, 'status', { XDG_STATE_HOME: undefined, HOME: '/root' });
    expect(errorOf(ended)).toMatch(/^taskgate: .*\/root.*\nto fix: /);
    expect(ended.exitCode).toBe(3);
  });
});

describeAsRoot(`${noNamespaces}the network of the host`, { concurrent: true }, () => {
  test('a subnet that a route overlaps is refused, and the route named', async ({ user }) => {
    const prefix = inNamespaces('ip link set lo up && ip route add 10.77.5.0/24 dev lo');
    expectRefusal(await user.run(['up', '--network-cidr', '10.77.0.0/16'], { prefix }), {
      exitCode: 3,
      id: 'environment.subnet-taken',
      says: /10\.77\.0\.0\/16 overlaps 10\.77\.5\.0\/24.*\nto fix: choose another \/16 with --network-cidr/,
    });
    expect([...filesOf(await user.left()), ...(await hostTraces(user))]).toEqual([]);
  });

  test('all subnets that would be chosen are taken: what the hint names is not refused', async ({ user }) => {
    const routes = ['10.0.0.0/8', '172.16.0.0/12', '198.18.0.0/15'].map((route) => `ip route add ${route} dev lo`);
    const prefix = inNamespaces(['ip link set lo up', ...routes].join(' && '));
    expectRefusal(await user.run(['up'], { prefix }), {
      exitCode: 3,
      id: 'environment.subnet-taken',
      says: /no free network: all candidates from 10\.210\.0\.0\/16 to .*\nto fix: .*--network-cidr 10\.210\.0\.0\/16/,
    });
    expect([...filesOf(await user.left()), ...(await hostTraces(user))]).toEqual([]);
  });

  test('a program that is needed is not there', async ({ user }) => {
    const prefix = inNamespaces('for file in /usr/*bin/nsenter; do mount --bind /dev/null $file; done');
    expectRefusal(await user.run(['up'], { prefix }), {
      exitCode: 3,
      id: 'environment.machine',
      says: /the program 'nsenter' was not found in \/usr.*\nto fix: install the package util-linux/s,
    });
    expect([...filesOf(await user.left()), ...(await hostTraces(user))]).toEqual([]);
  });
});

describeAsRoot(`${noNamespaces}the state folder`, { concurrent: true }, () => {
  const readOnly = (place: string) => inNamespaces(`mount -t tmpfs -o ro tmpfs ${place}`);

  test.for(['up', 'down'])('%s with a read-only one: exit 3, and no bug', async (command, { user }) => {
    expectRefusal(await user.run([command], { prefix: readOnly(user.state) }), {
      exitCode: 3,
      id: 'environment.',
      says: /cannot write.*tg-process-.*state.*\nto fix: .*XDG_STATE_HOME/,
    });
  });

  test('status only reads it', async ({ user }) => {
    expect(await user.run(['status'], { prefix: readOnly(user.state) })).toMatchObject({ exitCode: 0, stderr: '' });
  });

  test('a full one: exit 3, and no bug', async ({ user }) => {
    const prefix = inNamespaces(`mount -t tmpfs -o size=4k tmpfs ${user.state}`);
    expectRefusal(await user.run(['up', '--bundle', '.'], { prefix }), {
      exitCode: 3,
      id: 'environment.',
      says: /no space left.*state.*\nto fix: .*XDG_STATE_HOME/,
    });
  });

  test('a file in its place: exit 3, and no bug', async ({ user }) => {
    const file = await user.write('file', '');
    const ended = await user.run(['up', '--bundle', '.'], { env: { XDG_STATE_HOME: file } });
    expectRefusal(ended, { exitCode: 3, id: 'environment.', says: /\/file\b.*\nto fix: .*XDG_STATE_HOME/ });
  });

  test('one below /run, which the node hides', async ({ user }) => {
    expectRefusal(
      await user.run(['up'], {
        env: { XDG_STATE_HOME: '/run/tg-process' },
        prefix: inNamespaces('mount -t tmpfs tmpfs /run'),
      }),
      {
        exitCode: 3,
        id: 'environment.machine',
        says: /\/run\/tg-process.* is below \/run, which the node hides.*\nto fix: set XDG_STATE_HOME and XDG_CACHE_HOME to folders on a disk/,
      },
    );
  });

  const otherVersion = {
    text: '{"schema":99}',
    id: 'environment.instance-schema',
    says: /instance\.json has schema 99, this taskgate knows 1.*\nto fix: take it down with the version/,
    shows: /^dev: unknown.*\n.* has schema 99, this taskgate knows 1\n +to fix: take it down with the version/,
  };
  const damaged = {
    text: '{"schema":1,"na',
    id: 'environment.instance-damaged',
    says: /instance\.json is damaged.*\nto fix: .*taskgate down --force --name dev\n/,
    shows: /^dev: unknown.*\n.*\/instance\.json is damaged\n +to fix: .*taskgate down --force --name dev\n/,
  };
  const records = [
    ['of another version', otherVersion],
    ['that is damaged', damaged],
  ] as const;
  const writeRecord = (user: User, text: string) => user.write('state/taskgate/instances/dev/instance.json', text);

  test.for(
    records.flatMap(([what, record]) => ['up', 'down'].map((command) => [command, what, record] as const)),
  )('%s with a record %s: exit 3, and nothing changed', async ([command, , { text, id, says }], { user }) => {
    await writeRecord(user, text);
    const before = filesOf(await user.left());
    const bundle = command === 'up' ? ['--bundle', '.'] : [];
    expectRefusal(await user.run([command, ...bundle]), { exitCode: 3, id, says });
    expect(filesOf(await user.left())).toEqual(before);
  });

  test.for(records)('status with a record %s shows it with its way out: exit 3', async ([, record], { user }) => {
    await writeRecord(user, record.text);
    const ended = await user.run(['status']);
    expect(ended).toMatchObject({ exitCode: 3, stdout: expect.stringMatching(record.shows) });
    expect(ended.stderr).toMatch(/^taskgate: instance dev: .*\n$/);
    expect(ended.stderr).toContain(`[${record.id}]`);
  });
});
