import { randomBytes } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseHierarchies } from '../../src/cluster/native/isolation/cgroups.ts';
import { droppedCapabilities } from '../../src/cluster/native/isolation/namespaces.ts';
import { imageRef } from '../../src/config/versions.ts';
import { childrenOf } from '../../src/lib/process/processes.ts';
import { type ProbeOptions, probeHost } from '../support/e2e/host-probe.ts';
import { ending, makeTaskgate, type Taskgate } from '../support/e2e/taskgate.ts';
import { figure } from '../support/figure.ts';

const mark = `taskgate-canary-${randomBytes(4).toString('hex')}`;
const canaries = ['/root', '/etc', '/var/tmp', '/tmp', '/home', '/opt', '/srv'].map((folder) => `${folder}/${mark}`);
const text = 'only the host reads this\n';

let taskgate: Taskgate;
beforeAll(async () => {
  for (const path of canaries) await writeFile(path, text);
  taskgate = await makeTaskgate();
  expect(ending(await taskgate.run('up'))).toBe('exit 0');
});
afterAll(async () => {
  await taskgate.close('dev');
  for (const path of canaries) await rm(path, { force: true });
});

const probe = async (name: string, privileged: boolean) => {
  const { stdout: type } = await execa('stat', ['--file-system', '--format=%T', '/usr']);
  const { stdout: disk } = await execa('stat', ['--format=%Hd %Ld', '/']);
  const env = { CANARIES: canaries.join(' '), DISK: disk, HOST_TYPE: type, INSTANCE: taskgate.dirOf('dev') };
  const options: ProbeOptions = { name, privileged, env, image: imageRef('agnhost') };
  return probeHost(await taskgate.kube('dev'), options);
};

const nothingOfTheHost = {
  'read /etc/shadow': 'no',
  ...Object.fromEntries(canaries.map((path) => [`read ${path}`, 'no'])),
  'read a home folder': 'no',
  'write core_pattern': 'no',
  'write sysrq-trigger': 'no',
  'write /usr': 'no',
  'write /sys': 'no',
  'read kcore': 'no',
  'read kmsg': 'no',
  "a process whose root is the host's tree": 'no',
  "a process whose cwd is the host's tree": 'no',
  'a writable program of the host': 'no',
};

/** Without one a pod's devices are limited by eBPF programs of the pod's own cgroup only. */
const limitsDevices = async (): Promise<boolean> =>
  parseHierarchies(await readFile('/proc/self/mountinfo', 'utf8')).some(({ options }) => options === 'devices');

const capabilityNumbers: Readonly<Record<string, number>> = {
  ...{ dac_read_search: 2, linux_immutable: 9, sys_module: 16, sys_rawio: 17, sys_pacct: 20, sys_boot: 22 },
  ...{ sys_time: 25, sys_tty_config: 26, audit_control: 30, mac_override: 32, mac_admin: 33, syslog: 34 },
  ...{ wake_alarm: 35, block_suspend: 36, audit_read: 37 },
};

test('a privileged pod with hostPath /, hostPID and hostNetwork finds the node, and nothing of the host', async () => {
  const found = await probe('privileged', true);
  expect(found).toMatchObject(nothingOfTheHost);
  expect(found).not.toHaveProperty('a release_agent');
  const written = Object.entries(found).filter(([what, seen]) => /^write |writable/.test(what) && seen !== 'no');
  const changed = await Promise.all(canaries.map(async (path) => (await readFile(path, 'utf8')) !== text));
  const count = written.length + changed.filter(Boolean).length;
  figure('files of the host that a privileged pod can write, outside the instance', count);
  const bounding = BigInt(`0x${found['capabilities']}`);
  const kept = droppedCapabilities.filter((name) => (bounding >> BigInt(capabilityNumbers[name] ?? 63)) & 1n);
  expect(kept).toEqual([]);
  for (const path of canaries) expect(await readFile(path, 'utf8'), path).toBe(text);
});

test('it opens no block device, neither one that it makes nor one of devtmpfs', async (context) => {
  if (!(await limitsDevices())) context.skip('cgroup v2 limits devices only in the pod’s own cgroup');
  expect(await probe('devices', true)).toMatchObject({
    'open a loop device': 'no',
    'open the disk': 'no',
    'open a loop device of devtmpfs': 'no',
    'allow all devices': 'no',
  });
});

test('the same without privileges', async () => {
  expect(await probe('plain', false)).toMatchObject({ ...nothingOfTheHost, 'open a loop device': 'no' });
  for (const path of canaries) expect(await readFile(path, 'utf8'), path).toBe(text);
});

test("of the host's file systems, only the instance's own folders are mounted writable in the node", async () => {
  const keeper = (await taskgate.record('dev')).journal.find((one) => one.kind === 'keeper');
  const [pid] = keeper?.kind === 'keeper' ? await childrenOf(keeper.process.pid) : [];
  const inMemory = ['tmpfs', 'proc', 'sysfs', 'cgroup', 'cgroup2', 'devpts', 'overlay', 'nsfs', 'mqueue'];
  const writable = (await readFile(`/proc/${pid}/mountinfo`, 'utf8'))
    .split('\n')
    .map((line) => line.split(' - ').map((part) => part.split(' ')))
    .filter(([mount = [], [type = ''] = []]) => mount[5]?.startsWith('rw') && !inMemory.includes(type))
    .map(([mount]) => mount?.[4]);
  const dir = taskgate.dirOf('dev');
  expect(writable.toSorted()).toEqual([`${dir}/logs`, `${dir}/node`]);
});

test('the supervisor goes on in the new tree: it answers, restarts a process and writes its log', async () => {
  const keeper = (await taskgate.record('dev')).journal.find((one) => one.kind === 'keeper');
  const cgroup = keeper?.kind === 'keeper' ? keeper.process.pid : 0;
  const [pid1 = 0] = await childrenOf(cgroup);
  const [supervisor = 0] = await childrenOf(pid1);
  const children = await childrenOf(supervisor);
  const coredns = await Promise.all(
    children.map(async (pid) => ((await readFile(`/proc/${pid}/comm`, 'utf8')).trim() === 'coredns' ? [pid] : [])),
  );
  const [pid = 0] = coredns.flat();
  process.kill(pid, 'SIGKILL');
  await expect
    .poll(async () => (await taskgate.run('status', '--json')).stdout, { timeout: 30_000, interval: 500 })
    .toMatch(/"name":\s*"coredns",\s*"state":\s*"ready",[^}]*"restarts":\s*1/);
  expect(await taskgate.file('dev', 'logs/coredns.log')).toContain('CoreDNS-');
});
