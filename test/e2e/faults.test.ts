import { watch } from 'node:fs';
import { mkdir, readdir, readlink } from 'node:fs/promises';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { pidsInCgroups } from '../../src/cluster/native/isolation/cgroups.ts';
import { instanceHash } from '../../src/cluster/native/link.ts';
import { polling, waitUntil } from '../../src/lib/wait.ts';
import type { SupervisorStatus } from '../../src/supervisor/spec.ts';
import { ending, makeTaskgate, type Taskgate } from '../support/e2e/taskgate.ts';

let taskgate: Taskgate;
beforeAll(async () => {
  taskgate = await makeTaskgate();
});
afterAll(() => taskgate.close('dev'));

type Status = {
  readonly state: string;
  readonly keeper: SupervisorStatus;
  readonly problems: readonly { readonly message: string }[];
};

const statusOf = async (): Promise<Status> => JSON.parse((await taskgate.run('status', '--json')).stdout)[0] as Status;

const supervisorPid = async (): Promise<number> => {
  const keeper = (await taskgate.record('dev')).journal.find(({ kind }) => kind === 'keeper');
  return keeper?.kind === 'keeper' ? keeper.process.pid : 0;
};

/** Host pid of one of the node's processes, found by its program's path in the supervisor's cgroup. */
const cgroupPids = async (): Promise<readonly number[]> => {
  const mark = `taskgate-dev-${instanceHash(taskgate.dirOf('dev'))}`;
  return pidsInCgroups([`/sys/fs/cgroup/pids/${mark}`, `/sys/fs/cgroup/${mark}`]);
};

/** What an instance that is down has still on this host: processes, cgroups, link, route, folder. */
const leftovers = async (): Promise<readonly string[]> => {
  const mark = instanceHash(taskgate.dirOf('dev'));
  // cgroups of others may go while it looks, of which it complains
  const { stdout: cgroups } = await execa('find', ['/sys/fs/cgroup', '-name', `taskgate-dev-${mark}`], {
    reject: false,
  });
  const { stdout: routes } = await execa('ip', ['route', 'show', 'table', 'all']);
  const { stdout: links } = await execa('ip', ['-oneline', 'link']);
  const folders = await readdir(`${taskgate.stateHome}/taskgate/instances`).catch((): string[] => []);
  const lines = [...routes.split('\n'), ...links.split('\n')].filter((line) => line.includes(mark));
  return [...(await cgroupPids()).map(String), ...cgroups.split('\n').filter(Boolean), ...lines, ...folders];
};

const findPid = async (program: string): Promise<number> => {
  for (const pid of await cgroupPids()) {
    const path = await readlink(`/proc/${pid}/exe`).catch(() => '');
    if (path.endsWith(`/${program}`)) return pid;
  }
  throw new Error(`no process of ${program}`);
};

describe('a running instance', () => {
  beforeAll(async () => expect(ending(await taskgate.run('up'))).toBe('exit 0'));

  test.each([
    'etcd',
    'kube-apiserver',
    'kube-controller-manager',
    'kube-scheduler',
    'kubelet',
    'kube-proxy',
    'containerd',
    'coredns',
  ])('%s is killed: the supervisor restarts it and the path heals', async (component) => {
    process.kill(await findPid(component), 'SIGKILL');
    await waitUntil(
      'restart',
      polling(statusOf, 200),
      ({ keeper, problems }) => {
        const child = keeper?.children.find(({ name }) => name === component);
        if (!child || child.restarts === 0) return 'not restarted yet';
        return problems.length === 0 || problems.map(({ message }) => message).join('; ');
      },
      { timeoutMs: 60_000, id: 'cluster.test' },
    );
    expect(ending(await taskgate.run('smoke'))).toBe('exit 0');
  });

  test('the supervisor is killed: none of its processes survives, status says so, up repairs', async () => {
    process.kill(await supervisorPid(), 'SIGKILL');
    await waitUntil('end', polling(cgroupPids, 20), (pids) => pids.length === 0 || `${pids.length} left`, {
      timeoutMs: 10_000,
      id: 'cluster.test',
    });
    const status = await taskgate.run('status');
    expect(status.exitCode).toBe(5);
    expect(status.stderr).toContain("the cluster's processes are gone");
    expect(ending(await taskgate.run('up'))).toBe('exit 0');
    expect(ending(await taskgate.run('status'))).toBe('exit 0');
  });
});

describe('up is interrupted', () => {
  afterEach(async () => {
    expect(ending(await taskgate.run('down'))).toBe('exit 0');
    expect(await leftovers()).toEqual([]);
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s while the cluster starts: exit %i, and what was half made is gone', async (signal, exitCode) => {
    await taskgate.run('down');
    const up = taskgate.start('up');
    await waitUntil(
      'keeper',
      polling(() => supervisorPid().catch(() => 0), 10),
      (pid) => pid > 0 || 'none',
      { timeoutMs: 30_000, id: 'cluster.test' },
    );
    up.kill(signal);
    expect((await up).exitCode).toBe(exitCode);
    expect(await leftovers()).toEqual([]);
  });

  test.each([
    'Install Contour and the Gateway',
    'Wait for the Gateway',
    'Write the master configuration',
  ])('SIGINT during or right after "%s": exit 130, no sample task stays, the next up goes on', async (title) => {
    const up = taskgate.start('up');
    const said = Promise.withResolvers<void>();
    up.stderr.on('data', (chunk: Buffer) => {
      if (chunk.toString().includes(title)) said.resolve();
    });
    await said.promise;
    up.kill('SIGINT');
    expect((await up).exitCode).toBe(130);
    const jobs = await (await taskgate.kube('dev')).list({ apiVersion: 'batch/v1', kind: 'Job' });
    expect(jobs.map(({ metadata }) => metadata.name)).toEqual([]);
    expect(ending(await taskgate.run('up'))).toBe('exit 0');
    expect(ending(await taskgate.run('smoke'))).toBe('exit 0');
  });

  test('a second up at the same time says who holds the lock', async () => {
    await taskgate.run('down');
    const first = taskgate.start('up');
    const lock = `${taskgate.stateHome}/taskgate/locks`;
    await waitUntil(
      'lock',
      polling(() => readdir(lock).catch((): string[] => []), 5),
      (names) => names.includes('dev') || 'no lock',
      { timeoutMs: 10_000, id: 'cluster.test' },
    );
    const second = await taskgate.run('up');
    expect(second.exitCode).toBe(3);
    expect(second.stderr).toContain(`instance dev is being changed by process ${first.pid}`);
    expect((await first).exitCode).toBe(0);
  });

  // the record, then an entry each for cgroups, link and keeper, then what the steps find out
  const killAfter = async (writes: number): Promise<void> => {
    await mkdir(taskgate.dirOf('dev'), { recursive: true });
    let seen = -1;
    const up = taskgate.start('up');
    const watcher = watch(taskgate.dirOf('dev'), (_, name) => {
      if (name === 'instance.json' && ++seen >= writes) up.kill('SIGKILL');
    });
    expect((await up).signal).toBe('SIGKILL');
    watcher.close();
  };
  const journalWrites = [0, 1, 2, 3, 4, 5, 6];

  test.each(journalWrites)('SIGKILL after %i writes of the journal: the next up succeeds', async (writes) => {
    await killAfter(writes);
    expect(ending(await taskgate.run('up'))).toBe('exit 0');
    expect(ending(await taskgate.run('status'))).toBe('exit 0');
  });

  test.each(journalWrites)('SIGKILL after %i writes of the journal: down leaves nothing', async (writes) => {
    await killAfter(writes);
    expect(ending(await taskgate.run('down'))).toBe('exit 0');
    expect(await leftovers()).toEqual([]);
  });
});
