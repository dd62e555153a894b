import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { cgroupPaths, createCgroups, parseHierarchies } from '../../src/cluster/native/isolation/cgroups.ts';
import { cgroupLabel, findLeftover, trialLabel } from '../../src/cluster/native/leftover.ts';
import { linkName } from '../../src/cluster/native/link.ts';
import { removeResource } from '../../src/cluster/native/resources.ts';
import { execaRunner } from '../../src/lib/process/runner.ts';
import { noNamespaces, test } from '../support/process/user.ts';

/** What stays of a node whose folder was removed while it ran: cgroups with a process, a link, files that it writes again. */
const leaveNode = async (name: string, dir: string) => {
  const hierarchies = parseHierarchies(await readFile('/proc/self/mountinfo', 'utf8'));
  const paths = cgroupPaths(hierarchies, cgroupLabel(name, dir));
  await createCgroups(paths);
  const process = spawn('sleep', ['600'], { stdio: 'ignore' });
  await once(process, 'spawn');
  for (const path of paths) await writeFile(join(path, 'cgroup.procs'), String(process.pid));
  await execaRunner(['ip', 'link', 'add', linkName(dir), 'type', 'veth', 'peer', 'name', `${linkName(dir)}p`]);
  await mkdir(join(dir, 'node', 'etcd'), { recursive: true });
  await writeFile(join(dir, 'node', 'etcd', 'db'), 'x');
  return { ended: once(process, 'exit') };
};

describe.skipIf(noNamespaces)(`${noNamespaces}a node that runs on though its record is gone`, () => {
  test('down ends it by its names, and is safe to repeat', async ({ user }) => {
    const dir = join(user.state, 'taskgate', 'instances', 'lost');
    const { ended } = await leaveNode('lost', dir);
    const first = await user.run(['down', '--name', 'lost']);
    expect(first).toMatchObject({ exitCode: 0 });
    expect(first.stderr + first.stdout).toContain('a node that ran on without its record was ended');
    expect(await ended).toEqual([null, 'SIGKILL']);
    expect(await findLeftover('lost', dir)).toEqual([]);
    const second = await user.run(['down', '--name', 'lost', '--if-exists']);
    expect(second.stderr + second.stdout).toContain('there is no instance lost');
  });

  test('another name, and the same name in another state folder, are left alone', async ({ user }) => {
    const dir = join(user.state, 'elsewhere', 'lost');
    const { ended } = await leaveNode('lost', dir);
    expect(await user.run(['down', '--name', 'lost', '--if-exists'])).toMatchObject({ exitCode: 0 });
    expect(await findLeftover('lost', dir)).toHaveLength(2);
    expect(await findLeftover('other', dir)).toHaveLength(1);
    await execaRunner(['ip', 'link', 'delete', linkName(dir)]);
    const [cgroups] = await findLeftover('lost', dir);
    if (cgroups) await removeResource(cgroups, execaRunner);
    await ended;
    expect(await findLeftover('lost', dir)).toEqual([]);
  });

  test('cgroups of a trial that was killed are found, too', async ({ user }) => {
    const dir = join(user.state, 'taskgate', 'instances', 'lost');
    const hierarchies = parseHierarchies(await readFile('/proc/self/mountinfo', 'utf8'));
    await createCgroups(cgroupPaths(hierarchies, trialLabel(dir)));
    await mkdir(join(dir, 'logs'), { recursive: true });
    expect(await user.run(['down', '--name', 'lost'])).toMatchObject({ exitCode: 0 });
    expect(await findLeftover('lost', dir)).toEqual([]);
  });
});
