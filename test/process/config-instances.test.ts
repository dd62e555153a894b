import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { instancePaths } from '../../src/instance/paths.ts';
import { parseYaml } from '../../src/lib/template.ts';
import { adminPassword, finishedInstance } from '../support/finished-instance.ts';
import { devcluster } from '../support/master/patch-sample.ts';
import { expectRefusal, test, type User } from '../support/process/user.ts';

const parse = (text: string): unknown => JSON.parse(text);
const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

/** An instance as `up` leaves it, with a root for its master. */
const make = async (user: User, name: string, index: number) => {
  const instance = await finishedInstance(join(user.state, 'taskgate'), name, { index });
  const { masterRootDir } = instancePaths(instance.dir);
  for (const folder of ['static', 'wheels']) await mkdir(join(masterRootDir, folder), { recursive: true });
  await writeFile(join(masterRootDir, 'wheels', 'determined-0.38.1-py3-none-any.whl'), '');
  return instance;
};

/** Instances dev and second. */
const makeTwo = async (user: User) => [await make(user, 'dev', 0), await make(user, 'second', 1)] as const;

const ownFile = `resource_manager:\n  type: kubernetes # mine\n  max_slots_per_pod: 1\n`;

describe.concurrent('config master', () => {
  test('is that of the configured instance, alone on stdout', async ({ user }) => {
    await makeTwo(user);
    const [byDefault, named] = await Promise.all([
      user.run(['config', 'master', '--name', 'second']),
      user.run(['config', 'master', 'second']),
    ]);
    expect(byDefault).toMatchObject({ exitCode: 0, stderr: '' });
    expect(parseYaml(byDefault.stdout)).toMatchObject({ resource_manager: { cluster_name: 'second' } });
    expect(named).toEqual(byDefault);
  });

  test('of several instances is one file for the owner only', async ({ user }) => {
    await makeTwo(user);
    const ended = await user.run(['config', 'master', 'dev', 'second', '--output', 'both.yaml']);
    expect(ended).toMatchObject({ exitCode: 0, stdout: 'both.yaml: master.yaml over dev, second\n', stderr: '' });
    expect(await modeOf(join(user.work, 'both.yaml'))).toBe(0o600);
    expect(await user.read('work/both.yaml')).toContain(adminPassword);
    expect(await user.run(['config', 'validate', 'both.yaml'])).toMatchObject({ exitCode: 0 });
    expect(await readdir(user.work)).toEqual(['both.yaml']);
  });

  test.for(['master', 'devcluster', 'helm'])('--format %s --json is one document', async (format, { user }) => {
    await makeTwo(user);
    const { stdout, stderr, exitCode } = await user.run([
      ...['config', 'master', 'dev', 'second', '--format', format, '--json'],
    ]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(parse(stdout)).toEqual({ format, instances: ['dev', 'second'], text: expect.any(String) });
  });

  test('instances on one Gateway are refused', async ({ user }) => {
    const [dev, second] = await makeTwo(user);
    const { gateway, clusterId } = dev.record();
    await second.change({ ...(gateway && { gateway }), ...(clusterId && { clusterId }) });
    expectRefusal(await user.run(['config', 'master', 'dev', 'second']), {
      exitCode: 2,
      id: 'usage.instances-overlap',
      says: /second and dev|dev and second/,
    });
  });

  test.for<readonly [string, readonly string[], number, `${string}.${string}`, RegExp]>([
    ['an instance that is not there', ['dev', 'third'], 3, 'environment.no-instance', /instance third does not exist/],
    ['one named twice', ['dev', 'dev'], 2, 'usage.instances-overlap', /dev is named twice/],
    ['rbac of two', ['dev', 'second', '--format', 'rbac'], 2, 'usage.one-instance', /of one cluster/],
    ['a file that cannot be', ['dev', '--output', '.'], 2, 'usage.output', /cannot write \./],
  ])('%s: refused', async ([, args, exitCode, id, says], { user }) => {
    await makeTwo(user);
    expectRefusal(await user.run(['config', 'master', ...args]), { exitCode, id, says });
    expect(await readdir(user.work)).toEqual([]);
  });

  test('an instance that up has only begun: refused', async ({ user }) => {
    await finishedInstance(join(user.state, 'taskgate'), 'dev', { change: { settings: undefined } as never });
    expectRefusal(await user.run(['config', 'master']), {
      exitCode: 3,
      id: 'environment.no-instance',
      says: /never brought up to its end/,
    });
  });

  test('an unknown format: exit 2, and the known ones', async ({ user }) => {
    const { exitCode, stderr } = await user.run(['config', 'master', '--format', 'toml']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining('helm') });
  });
});

describe.concurrent('config patch', () => {
  test('prints the file with the instance in it, and says on stderr what was changed', async ({ user }) => {
    await makeTwo(user);
    await user.write('work/mine.yaml', ownFile);
    const { exitCode, stdout, stderr } = await user.run(['config', 'patch', 'mine.yaml']);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 0,
      stderr: 'mine.yaml: changed resource manager default (instance dev)\n',
    });
    expect(stdout.startsWith(ownFile)).toBe(true);
    expect(parseYaml(stdout)).toMatchObject({ resource_manager: { determined_master_host: '10.210.255.1' } });
    expect(await user.read('work/mine.yaml')).toBe(ownFile);
    expect(await readdir(user.work)).toEqual(['mine.yaml']);
  });

  test('--write changes the file itself, once; its mode stays, what it was lies beside it', async ({ user }) => {
    await makeTwo(user);
    const path = await user.write('work/dc.yaml', devcluster, 0o640);
    const args = ['config', 'patch', 'dc.yaml', 'default=dev', 'extra=second', '--write'];
    const backup = `${path}.taskgate-backup`;
    expect(await user.run(args)).toMatchObject({
      exitCode: 0,
      stderr: '',
      stdout: expect.stringMatching(
        /^dc\.yaml: changed resource manager default \(instance dev\), extra \(instance second\); its former text: .*\/dc\.yaml\.taskgate-backup\n$/,
      ),
    });
    expect([await modeOf(path), await modeOf(backup)]).toEqual([0o640, 0o640]);
    expect(await user.read('work/dc.yaml.taskgate-backup')).toBe(devcluster);
    const patched = await user.read('work/dc.yaml');
    expect(patched).toMatch(/gateway_ip: 10\.210\.255\.2\n(.*\n)*.*gateway_ip: 10\.211\.255\.2/);
    expect((await user.run(args)).stdout).toMatch(/^dc\.yaml: nothing to change in resource manager default /);
    expect(await user.read('work/dc.yaml')).toBe(patched);
    expect(await user.read('work/dc.yaml.taskgate-backup')).toBe(devcluster);
  });

  test('--json is one document', async ({ user }) => {
    await makeTwo(user);
    await user.write('work/mine.yaml', ownFile);
    const told = {
      file: 'mine.yaml',
      resourceManagers: [{ cluster: 'default', instance: 'second' }],
      changed: true,
    };
    const printed = await user.run(['config', 'patch', 'mine.yaml', '--instance', 'second', '--json']);
    expect(printed).toMatchObject({ exitCode: 0, stderr: '' });
    expect(parse(printed.stdout)).toEqual({ ...told, text: expect.stringContaining('10.211.255.2') });
    const written = await user.run(['config', 'patch', 'mine.yaml', 'default=second', '--write', '--json']);
    expect(parse(written.stdout)).toEqual({ ...told, backup: expect.stringMatching(/mine\.yaml\.taskgate-backup$/) });
  });

  test.for<readonly [string, string, readonly string[], number, string, RegExp]>([
    ['no resource manager', 'port: 8080\n', [], 2, 'usage.patch-no-manager', /no Kubernetes resource manager/],
    ['several, and no pairs', devcluster, [], 2, 'usage.patch-ambiguous', /several Kubernetes resource managers/],
    ['an unknown cluster', ownFile, ['other=dev'], 2, 'usage.patch-unknown', /has the cluster name 'other'/],
    ['no such instance', ownFile, ['default=third'], 3, 'environment.no-instance', /third does not exist/],
    ['no pair', ownFile, ['dev'], 2, 'usage.patch-pair', /'dev' is no CLUSTER=INSTANCE/],
    [
      'pairs and an instance',
      ownFile,
      ['default=dev', '--instance', 'dev'],
      2,
      'usage.patch-pair',
      /do not go together/,
    ],
    ['one Gateway twice', devcluster, ['default=dev', 'extra=dev'], 2, 'usage.master-values', /Gateway|namespace/],
  ])('%s: refused, and the file stays', async ([, text, args, exitCode, id, says], { user }) => {
    await makeTwo(user);
    await user.write('work/mine.yaml', text);
    const ended = await user.run(['config', 'patch', 'mine.yaml', ...args, '--write']);
    expectRefusal(ended, { exitCode, id, says });
    expect(await user.read('work/mine.yaml')).toBe(text);
    expect(await readdir(user.work)).toEqual(['mine.yaml']);
  });

  test('variables of others stay to the byte, exported or not', async ({ user }) => {
    await makeTwo(user);
    const others = 'db:\n  host: $DB_HOST # theirs\n  password: ${PW:-x}\n';
    await user.write('work/mine.yaml', `${ownFile}${others}`);
    const ended = await user.run(['config', 'patch', 'mine.yaml', '--write'], { env: { DB_HOST: 'db.example' } });
    expect(ended).toMatchObject({ exitCode: 0 });
    expect(await user.read('work/mine.yaml')).toContain(others);
  });

  test('no YAML: exit 2 and the place', async ({ user }) => {
    await makeTwo(user);
    await user.write('work/mine.yaml', 'a: [');
    expect(await user.run(['config', 'patch', 'mine.yaml'])).toMatchObject({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringMatching(/^taskgate: mine\.yaml:1:\d+: .* \[usage\.patch-syntax\]\n/),
    });
  });

  test('a missing file: exit 2', async ({ user }) => {
    await makeTwo(user);
    expectRefusal(await user.run(['config', 'patch', 'no.yaml']), {
      exitCode: 2,
      id: 'usage.no-file',
      says: /there is no file no\.yaml/,
    });
  });
});

/** A kubeconfig whose credentials come from a program, which leaves a file. */
const withProgram = (dir: string): string =>
  [
    'apiVersion: v1\nkind: Config\ncurrent-context: c',
    'clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]',
    'contexts: [{name: c, context: {cluster: c, user: me}}]',
    `users: [{name: me, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: touch, args: ["${dir}/ran"]}}}]`,
  ].join('\n');

describe.concurrent('config account', () => {
  test.for<readonly [string, readonly string[], number, string, RegExp]>([
    ['no instance', [], 3, 'environment.no-instance', /instance dev does not exist/],
    ['a missing kubeconfig', ['--check-only', 'no'], 2, 'usage.no-file', /there is no file no/],
    ['a folder', ['--check-only', '.'], 2, 'usage.no-file', /cannot read \./],
    ['a kubeconfig without a context', ['--check-only', 'text'], 5, 'cluster.no-context', /no context/],
    ['no YAML', ['--check-only', 'broken'], 2, 'usage.kubeconfig', /broken is not YAML/],
    ['a program for credentials', ['--check-only', 'runs'], 2, 'usage.kubeconfig', /user 'me' gets .* not run: exec/],
    ['both flags', ['--check-only', 'text', '--output', 'x'], 2, 'usage.account', /makes no account/],
  ])('%s: refused', async ([, args, exitCode, id, says], { user }) => {
    await user.write('work/text', 'apiVersion: v1\nkind: Config\n');
    await user.write('work/broken', '{');
    await user.write('work/runs', withProgram(user.dir));
    expectRefusal(await user.run(['config', 'account', ...args]), { exitCode, id, says });
    await expect(user.read('ran')).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('a cluster that does not run: exit 5, and no kubeconfig is written', async ({ user }) => {
    const [dev] = await makeTwo(user);
    const kubeconfig = [
      'apiVersion: v1\nkind: Config\ncurrent-context: taskgate-dev',
      'clusters: [{name: taskgate-dev, cluster: {server: "https://127.0.0.1:1"}}]',
      'contexts: [{name: taskgate-dev, context: {cluster: taskgate-dev, user: u}}]',
      'users: [{name: u, user: {token: x}}]',
    ];
    await user.write('state/taskgate/instances/dev/kubeconfig', kubeconfig.join('\n'), 0o600);
    expectRefusal(await user.run(['config', 'account']), {
      exitCode: 5,
      id: 'cluster.stopped',
      says: /has no cluster any more/,
    });
    expect(await readdir(dev.dir)).not.toContain('master-kubeconfig');
  });
});
