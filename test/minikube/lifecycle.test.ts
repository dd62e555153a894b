import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { changesBetween, takeSnapshot } from '../../scripts/testbed/objects.ts';
import { minikube as makeProvider } from '../../src/cluster/minikube/minikube.ts';
import { execaRunner } from '../../src/lib/process/runner.ts';
import { polling, waitUntil } from '../../src/lib/wait.ts';
import {
  addListeners,
  docker,
  interruptAt,
  leftovers,
  listenerNames,
  listProfiles,
  minikube,
  profileOf,
  spoken,
} from '../support/e2e/real-minikube.ts';
import { type Ended, ending, makeTaskgate, type Taskgate } from '../support/e2e/taskgate.ts';

let taskgate: Taskgate;
let profile: string;
const up = (...args: readonly string[]) => taskgate.run('up', '--provider', 'minikube', ...args);

beforeAll(async () => {
  taskgate = await makeTaskgate();
  profile = profileOf(taskgate, 'dev');
});
afterEach(() => vi.unstubAllEnvs());
afterAll(() => taskgate.close('dev', 'fresh', 'other'));

/** What the user's own kubeconfig holds, where there is one. */
const usersKubeconfig = () => readFile(process.env['KUBECONFIG'] ?? '/root/.kube/config', 'utf8').catch(() => 'none');

const daemonAnswers = ({ stdout, stderr }: Ended) => !`${stdout}${stderr}`.includes('Docker daemon') || stderr;

describe('a cluster of our own', () => {
  test('up makes it and proves every hop both ways; the kubeconfig of the user stays as it was', async () => {
    const before = await usersKubeconfig();
    const ended = await up('--json');
    expect(ending(ended)).toBe('exit 0');
    const { proof, cluster, gateway } = JSON.parse(ended.stdout);
    expect(proof.ok).toBe(true);
    expect(cluster).toMatchObject({ provider: 'minikube', kubeContext: profile, nodeName: profile });
    expect(gateway.address).toBe(cluster.nodeAddress);
    expect(cluster.nodeAddress).toBe((await minikube('ip', `--profile=${profile}`)).trim());
    expect(await usersKubeconfig()).toBe(before);
    const { kubeconfigPath } = cluster as { readonly kubeconfigPath: string };
    expect((await stat(kubeconfigPath)).mode & 0o777).toBe(0o600);
    expect(await readFile(kubeconfigPath, 'utf8')).toMatch(
      /client-key-data: .*\n[\s\S]*current-context: taskgate-dev-[0-9a-f]{6}/,
    );
    expect(await readFile(join(taskgate.dirOf('dev'), 'logs/minikube.log'), 'utf8')).toContain('exit code 0');
  });

  test('a second up changes not one object', async () => {
    const kube = await taskgate.kube('dev');
    const objects = await takeSnapshot(kube);
    expect(ending(await up())).toBe('exit 0');
    expect(changesBetween(objects, await takeSnapshot(kube))).toEqual([]);
    expect(ending(await taskgate.run('status'))).toBe('exit 0');
  });

  test('what is wanted otherwise is listed, and nothing done about it', async () => {
    const ended = await up('--minikube-memory-mb', '5000');
    expect(ended.exitCode).toBe(5);
    expect(ended.stderr).toContain('memory in MB: wanted 5000, has 4096');
    expect(ended.stderr).toContain('--recreate');
    expect(ending(await taskgate.run('smoke'))).toBe('exit 0');
  });

  test('another Minikube home with this Docker does not take the container over', async () => {
    const id = () => docker('inspect', '--format', '{{.Id}}', profile);
    const before = await id();
    const other = await makeTaskgate();
    expect(profileOf(other, 'dev')).not.toBe(profile);
    vi.stubEnv('MINIKUBE_HOME', join(other.stateHome, 'minikube'));
    const ended = await other.run('up', '--provider', 'minikube', '--minikube-profile', profile);
    await other.close('dev');
    vi.unstubAllEnvs();
    expect(ended.exitCode).toBe(5);
    expect(ended.stderr).toContain(`Docker already has container ${profile}`);
    expect(ended.stderr).toContain('which this Minikube home did not create [cluster.minikube-not-ours]');
    expect(await id()).toBe(before);
    expect(ending(await taskgate.run('smoke'))).toBe('exit 0');
  });

  test('an archive that cannot be loaded: minikube calls it a success, we name what is missing', async () => {
    const { minikube: place } = await taskgate.record('dev');
    if (!place) throw new Error('the record has no Minikube cluster');
    const spec = { ...place, name: 'dev', instanceDir: taskgate.dirOf('dev'), kubernetesVersion: '', recreate: false };
    const provider = makeProvider(spec, {
      runner: execaRunner,
      program: 'minikube',
      uid: 0,
      resources: () => [],
      journal: async () => undefined,
      forget: async () => undefined,
    });
    const archive = join(import.meta.dirname, '../fixtures/localhost-cert.pem');
    const limits = { signal: new AbortController().signal, timeoutMs: 60_000 };
    await expect(provider.loadImages(archive, ['docker.io/library/nosuch:1'], limits)).rejects.toMatchObject({
      id: 'cluster.images-missing',
      message: expect.stringContaining('docker.io/library/nosuch:1'),
    });
  });
});

describe('what is in the way is said before anything is changed', () => {
  test.each(['up', 'status', 'down'])('%s with a Docker daemon that does not answer', async (command) => {
    vi.stubEnv('DOCKER_HOST', 'unix:///run/no-such-docker.sock');
    const ended = await taskgate.run(command, ...(command === 'up' ? ['--provider', 'minikube'] : []));
    expect(ended.exitCode).toBe(3);
    expect(`${ended.stdout}${ended.stderr}`).toMatch(/Docker daemon does not answer: .*no-such-docker/);
    vi.unstubAllEnvs();
    expect(await leftovers(profile)).toContain(`container ${profile}`);
  });

  test.each([
    [['--minikube-memory-mb', '900000'], 'memory in MB: 900000 wanted, '],
    [['--minikube-cpus', '500'], 'CPUs: 500 wanted, '],
  ])('too little of something: %j', async (args, message) => {
    const ended = await up('--name', 'fresh', ...args);
    expect(ended.exitCode).toBe(3);
    expect(ended.stderr).toContain(message);
  });

  test('a reason of its own that minikube gives: it is told with its advice', async () => {
    const ended = await up('--name', 'fresh', '--minikube-start-args', '--kubernetes-version=v1.2.3');
    expect(ended.stderr).toMatch(/minikube start exited with \d+ \w+: /);
    expect([2, 3, 5]).toContain(ended.exitCode);
    expect(await listProfiles()).not.toContain(profileOf(taskgate, 'fresh'));
  });

  test('no minikube', async () => {
    vi.stubEnv('PATH', '/usr/sbin:/usr/bin:/sbin:/bin');
    const ended = await up('--name', 'fresh');
    expect(ended.exitCode).toBe(3);
    expect(ended.stderr).toContain("the program 'minikube' was not found");
  });
});

test('a second one, by auto, runs beside it with a range of its own, and goes without harming it', async () => {
  const ended = await taskgate.run('up', '--name', 'other');
  expect(ending(ended)).toBe('exit 0');
  expect(ended.stderr).toContain('minikube provider (auto: Minikube and its driver are there)');
  expect(ending(await taskgate.run('smoke'))).toBe('exit 0');
  expect((await taskgate.run('status')).stdout).toMatch(/dev: running[\s\S]*other: running/);
  const [dev, other] = await Promise.all(['dev', 'other'].map((name) => taskgate.record(name)));
  expect(dev?.minikube?.serviceCidr).not.toBe(other?.minikube?.serviceCidr);
  expect(dev?.cluster?.nodeAddress).not.toBe(other?.cluster?.nodeAddress);
  expect(ending(await taskgate.run('down', '--name', 'other'))).toBe('exit 0');
  expect(await leftovers(profileOf(taskgate, 'other'))).toEqual([]);
  expect(ending(await taskgate.run('smoke'))).toBe('exit 0');
});

describe('things happen to it behind our back, and up repairs them', () => {
  let listeners: readonly string[];
  beforeAll(async () => {
    listeners = await addListeners(await taskgate.kube('dev'), [20_000, 20_001]);
  });
  afterEach(async () => {
    expect(ending(await taskgate.run('smoke'))).toBe('exit 0');
    expect(await listenerNames(await taskgate.kube('dev'))).toEqual(listeners);
  });

  test('paused', async () => {
    await minikube('pause', `--profile=${profile}`);
    expect((await taskgate.run('status')).exitCode).toBe(5);
    expect(ending(await up())).toBe('exit 0');
  });

  test('its node is restarted while listeners live', async () => {
    await docker('restart', profile);
    expect(ending(await up())).toBe('exit 0');
    expect(ending(await taskgate.run('status'))).toBe('exit 0');
  });

  test('stopped, and the next start interrupted: it stays, and the one after that goes on with it', async () => {
    await minikube('stop', `--profile=${profile}`);
    expect((await taskgate.run('status')).exitCode).toBe(5);
    const { exitCode, stderr } = await interruptAt(taskgate, 'Preparing Kubernetes');
    expect(exitCode).toBe(130);
    expect(stderr).toContain(`the profile ${profile} is kept`);
    expect(await listProfiles()).toContain(profile);
    expect(ending(await up())).toBe('exit 0');
  });
});

test('interrupted in the middle of the first start: nothing of it stays', async () => {
  const { exitCode, stderr } = await interruptAt(taskgate, 'Creating Container', '--name', 'fresh');
  expect(exitCode).toBe(130);
  expect(stderr).toContain(`the incomplete profile ${profileOf(taskgate, 'fresh')} was removed`);
  expect(await leftovers(profileOf(taskgate, 'fresh'))).toEqual([]);
  expect(await listProfiles()).not.toContain(profileOf(taskgate, 'fresh'));
  await expect(stat(taskgate.dirOf('fresh'))).rejects.toThrow('ENOENT');
});

test('its container is removed by hand: minikube cannot bring it back, so up makes it again and says why', async () => {
  await docker('rm', '--force', profile);
  const status = await taskgate.run('status');
  expect(status.exitCode).toBe(5);
  expect(status.stderr).toContain('the cluster does not run');
  const ended = await up();
  expect(ending(ended)).toBe('exit 0');
  expect(ended.stderr).toContain(`deleting ${profile} (its container was removed)`);
  expect(ending(await taskgate.run('smoke'))).toBe('exit 0');
});

// only a rig's daemon may be killed; its supervisor restarts it
test.runIf(process.env['TEST_MINIKUBE_RIG'] === 'private')(
  'the Docker daemon dies in the middle of a start',
  async () => {
    const dying = taskgate.start('up', '--provider', 'minikube', '--name', 'fresh');
    await spoken(dying.stderr, 'Preparing Kubernetes');
    process.kill(Number(await readFile('/run/docker.pid', 'utf8')), 'SIGKILL');
    const { exitCode, stderr } = await dying;
    expect([3, 5]).toContain(exitCode);
    expect(stderr).toMatch(/\[(environment\.docker|cluster\.minikube|environment\.minikube)-\S+\]\nto fix: /);
    await waitUntil(
      'docker',
      polling(() => taskgate.run('status'), 500),
      daemonAnswers,
      { timeoutMs: 60_000, id: 'cluster.test' },
    );
    expect(ending(await taskgate.run('down', '--name', 'fresh'))).toBe('exit 0');
    expect(await leftovers(profileOf(taskgate, 'fresh'))).toEqual([]);
    expect(await listProfiles()).not.toContain(profileOf(taskgate, 'fresh'));
  },
);

test('deleted behind our back: status says so, up makes it anew', async () => {
  await minikube('delete', `--profile=${profile}`);
  const status = await taskgate.run('status');
  expect(status.exitCode).toBe(5);
  expect(status.stderr).toContain('the cluster is gone');
  expect(ending(await up())).toBe('exit 0');
  expect(ending(await taskgate.run('status'))).toBe('exit 0');
});

test('down leaves nothing, and is repeatable', async () => {
  expect(ending(await taskgate.run('down'))).toBe('exit 0');
  expect(await leftovers(profile)).toEqual([]);
  expect(await listProfiles()).not.toContain(profile);
  await expect(stat(taskgate.dirOf('dev'))).rejects.toThrow('ENOENT');
  expect(ending(await taskgate.run('down'))).toBe('exit 0');
});
