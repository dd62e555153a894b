import { readdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dockerInfoCommand } from '../../src/cluster/minikube/docker/daemon.ts';
import { endpointCommand } from '../../src/cluster/minikube/docker/place.ts';
import { checkMachine } from '../../src/commands/up/check-machine.ts';
import type { Config } from '../../src/config/config.ts';
import { findInstance } from '../../src/instance/instance.ts';
import { placeOf } from '../../src/providers/minikube.ts';
import { fakeMinikube, type Host, config as profileConfig } from '../fakes/minikube.ts';
import { commandContext } from '../support/context.ts';
import { listening } from '../support/proof/local-path.ts';
import { newUp, runInOrder } from '../support/up-context.ts';

const contextOf = (name: string, stateDir: string) => commandContext({ name, folders: { stateDir, cacheDir: '/c' } });

test('a profile has the mark of its state folder: two users of one Docker have two', () => {
  const profileOf = (name: string, stateDir: string) => placeOf(contextOf(name, stateDir), undefined).profile;
  const [mine, theirs] = ['/home/a/state', '/home/b/state'].map((dir) => profileOf('dev', dir));
  expect(mine).toMatch(/^taskgate-dev-[0-9a-f]{6}$/);
  expect(theirs).not.toBe(mine);
  expect(profileOf('dev', '/home/a/state')).toBe(mine);
  // a container's host name has at most 63 characters
  expect(profileOf('x'.repeat(40), '/s').length).toBeLessThanOrEqual(63);
});

test('an instance keeps the profile that it was made with', () => {
  const context = contextOf('dev', '/s');
  const made = { ...placeOf(context, undefined), profile: 'taskgate-dev' };
  expect(placeOf(context, made)).toMatchObject({ profile: 'taskgate-dev', profileGiven: false });
});

const info = { NCPU: 4, MemTotal: 8 * 1024 ** 3, OperatingSystem: 'Debian' };

type Given = {
  readonly host?: Host;
  /** Fields of `docker info`. */
  readonly docker?: object;
  readonly endpoint?: string;
  /** Of a profile that is there, by the name `dev`. */
  readonly profile?: object;
  readonly minikube?: Partial<Config['minikube']>;
  readonly gateway?: Partial<Config['gateway']>;
};

/** Not the usual range, which forwards of the machine's user may hold; above the ephemeral ports. */
const portRange = { start: 61_100, end: 61_199 };

const setUp = async ({ host = 'missing', docker = {}, endpoint = '', profile = {}, ...settings }: Given) => {
  const context = await newUp();
  const fake = fakeMinikube(host, (args) => {
    const line = args.join(' ');
    if (line.startsWith('version')) return { stdout: '{"minikubeVersion":"v1.38.1"}' };
    if (line === dockerInfoCommand.join(' ')) return { stdout: JSON.stringify({ ...info, ...docker }) };
    if (line === endpointCommand.join(' ')) return { stdout: endpoint };
    if (host === 'missing' || !line.startsWith('profile list')) return undefined;
    const Config = { ...profileConfig, ...profile };
    return { stdout: JSON.stringify({ valid: [{ Name: 'dev', Status: 'OK', Config }], invalid: [] }) };
  });
  const { config: defaults, folders } = context;
  const check = async (gateway: Partial<Config['gateway']> = {}) => {
    const config: Config = {
      ...{ ...defaults, provider: 'minikube' },
      minikube: { ...defaults.minikube, ...settings.minikube },
      gateway: { ...defaults.gateway, portRange, ...settings.gateway, ...gateway },
    };
    return runInOrder({ ...context, runner: fake.runner, config }, [checkMachine]);
  };
  const record = async () => (await findInstance(folders.stateDir, 'dev'))?.record();
  const instances = () => readdir(join(folders.stateDir, 'instances')).catch(() => []);
  return { ...fake, check, record, instances };
};

const published = { address: '127.0.0.1', portRange, given: false };

test.each([
  ['Docker Desktop', { OperatingSystem: 'Docker Desktop' }, 'unix:///home/u/.docker/desktop/docker.sock'],
  ['rootless Docker', { SecurityOptions: ['name=seccomp', 'name=rootless'] }, 'unix:///run/user/1000/docker.sock'],
  ['a virtual machine of Colima or Rancher Desktop', { KernelVersion: '6.8.0-vm' }, 'unix:///home/u/.rd/docker.sock'],
])('auto has ports published where %s runs the node', async (_, docker, endpoint) => {
  const { check, record } = await setUp({ docker, endpoint });
  const { ended, notes } = await check();
  expect(ended).toEqual([
    expect.stringMatching(/^done: minikube provider .*, ports published on 127\.0\.0\.1:61100-61199$/),
  ]);
  expect(notes).toEqual([]);
  expect((await record())?.minikube).toMatchObject({ published });
});

test('auto publishes nothing on another machine, and says where Docker is', async () => {
  const { check, record } = await setUp({ docker: { KernelVersion: '6.8.0-far' }, endpoint: 'ssh://me@build-host\n' });
  const { notes } = await check();
  expect(notes).toEqual(["Minikube's node may not be reachable from this host: Docker runs on ssh://me@build-host"]);
  expect((await record())?.minikube).not.toHaveProperty('published');
});

test.each([
  ['Docker on this machine', {}, {}],
  ['a range that takes minutes', { OperatingSystem: 'Docker Desktop' }, { portRange: { start: 20_000, end: 21_000 } }],
  ['another wish', { OperatingSystem: 'Docker Desktop' }, { reach: 'forward' as const }],
])('auto publishes nothing with %s', async (_, docker, gateway) => {
  const { check, record } = await setUp({ docker, gateway });
  await check();
  expect((await record())?.minikube).not.toHaveProperty('published');
});

test('published ports are kept: another range is drift', async () => {
  const gateway = { reach: 'published' as const };
  const { check, record, state } = await setUp({ gateway });
  await check();
  expect((await record())?.minikube).toMatchObject({ published: { ...published, given: true } });
  state.host = 'missing';
  await check({ reach: 'auto' });
  expect((await record())?.minikube).toMatchObject({ published: { ...published, given: true } });
});

test('a port of the range that a program holds is named with it, and nothing is left', async () => {
  await using taken = await listening(createServer());
  const range = { start: taken.port, end: taken.port };
  const { check, instances, calls } = await setUp({ gateway: { reach: 'published', portRange: range } });
  await expect(check()).rejects.toMatchObject({
    id: 'environment.port-taken',
    message: expect.stringMatching(
      new RegExp(
        `^port ${taken.port} of 127\\.0\\.0\\.1, which is to be published, is held by .+ \\(pid ${process.pid}\\)$`,
      ),
    ),
    hint: expect.stringContaining(`--gateway-port-range-start ${taken.port + 1}`),
  });
  expect(await instances()).toEqual([]);
  expect(calls.filter((line) => line.startsWith('minikube start'))).toEqual([]);
});

/** As a plain `minikube start` made it some months ago. */
const plain = {
  KubernetesConfig: { KubernetesVersion: 'v1.33.1', ContainerRuntime: 'docker', ServiceCIDR: '10.96.0.0/12' },
};

test("a developer's own profile that does not fit: how to use it as it is comes first, its loss last", async () => {
  const { check, calls, instances } = await setUp({ host: 'Running', profile: plain, minikube: { profile: 'dev' } });
  await expect(check()).rejects.toMatchObject({
    id: 'cluster.minikube-drift',
    message:
      "Minikube's profile dev does not match: Kubernetes: wanted v1.34.4, has v1.33.1; container runtime: wanted containerd, has docker",
    hint: "use it as it is: taskgate up --provider attach --context dev --allow-context dev; or leave --minikube-profile out for a profile of taskgate's own; or add --recreate to delete and recreate it (its data is lost)",
  });
  expect(calls.filter((line) => /minikube (start|delete|image)/.test(line))).toEqual([]);
  expect(await instances()).toEqual([]);
});

test('one that is stopped is started first', async () => {
  const { check } = await setUp({ host: 'Stopped', profile: plain, minikube: { profile: 'dev' } });
  await expect(check()).rejects.toMatchObject({
    hint: expect.stringContaining('minikube start --profile dev && taskgate up --provider attach'),
  });
});

test("a profile's ports are asked only where the user wants them", async () => {
  const given = { host: 'Running', minikube: { profile: 'dev' } } as const;
  const far = { docker: { OperatingSystem: 'Docker Desktop' } };
  expect((await (await setUp({ ...given, ...far })).check()).ended).toHaveLength(1);
  await expect((await setUp({ ...given, gateway: { reach: 'published' } })).check()).rejects.toMatchObject({
    message: "Minikube's profile dev does not match: published ports: wanted 127.0.0.1:61100-61199, has none",
  });
  const profile = { ExposedPorts: ['127.0.0.1:61000-61300:61000-61300'] };
  const fits = await setUp({ ...given, profile, gateway: { reach: 'published' } });
  expect((await fits.check()).ended).toHaveLength(1);
});

test('Podman that answers as docker is named', async () => {
  const { check } = await setUp({ docker: { host: { cpus: 2 }, store: {}, NCPU: undefined } });
  await expect(check()).rejects.toMatchObject({
    id: 'environment.machine',
    message:
      "Minikube cannot run a cluster here: the program 'docker' is Podman, with which Minikube's docker driver does not work",
    hint: expect.stringContaining('--minikube-driver podman'),
  });
});
