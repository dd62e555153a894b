import { expect, test } from 'vitest';
import { dockerInfoCommand, dockerVersionCommand } from '../../../src/cluster/minikube/docker/daemon.ts';
import { endpointCommand } from '../../../src/cluster/minikube/docker/place.ts';
import { judgeMinikube, verifyMinikube } from '../../../src/cluster/minikube/verify.ts';
import { CommandError, type Runner } from '../../../src/lib/process/runner.ts';
import { fakeRunner } from '../../fakes/runner.ts';

const machine = { version: 'v1.38.1', cpus: 4, memoryMb: 8_000 };
const wanted = { cpus: 2, memoryMb: 4_096, driver: 'docker' };

test('a machine that has all has no obstacle and no note', () => {
  expect(judgeMinikube(machine, wanted)).toEqual({ obstacles: [], notes: [] });
});

test.each([
  [{ version: 'v1.36.0' }, {}, 'Minikube v1.36.0 is too old: this Kubernetes version needs 1.37 or newer'],
  [{ cpus: 1 }, {}, 'CPUs: 2 wanted, 1 available'],
  [{}, { cpus: 1 }, 'CPUs: 1 wanted, Minikube needs 2'],
  [{ memoryMb: 2_048 }, {}, 'memory in MB: 4096 wanted, 2048 available'],
  [{}, { memoryMb: 1_024 }, 'memory in MB: 1024 wanted, Minikube needs 1800'],
] as const)('in the way: %j %j', (has, wants, what) => {
  const { obstacles } = judgeMinikube({ ...machine, ...has }, { ...wanted, ...wants });
  expect(obstacles).toEqual([{ what, hint: expect.stringMatching(/./) }]);
});

test('several nodes on a network of one node are found before anything is made', () => {
  const { obstacles } = judgeMinikube(machine, { ...wanted, startArgs: ['--nodes=2', '--cni=bridge'] });
  expect(obstacles.map(({ what }) => what)).toEqual([expect.stringContaining('the others never get Ready')]);
});

test.each([
  [{ version: 'v1.39.0' }, 'Minikube v1.39.0 is newer than the version that taskgate was tested with (1.38)'],
  [{ version: 'v2.0.1' }, 'Minikube v2.0.1 is newer than the version that taskgate was tested with (1.38)'],
  [{ unreachableBecause: 'it is far' }, "Minikube's node may not be reachable from this host: it is far"],
])('only a note: %j', (has, note) => {
  expect(judgeMinikube({ ...machine, ...has }, wanted)).toEqual({ obstacles: [], notes: [note] });
});

const version = 'minikube version --output=json';
const info = (fields: object = {}) =>
  JSON.stringify({ NCPU: 4, MemTotal: 8 * 1024 ** 3, OperatingSystem: 'Debian GNU/Linux 12', ...fields });
const answers = {
  [version]: '{"commit":"","minikubeVersion":"v1.38.1"}',
  [dockerVersionCommand.join(' ')]: '28.2.2',
  [dockerInfoCommand.join(' ')]: info(),
};

const verify = (runner: Runner, driver = 'docker') =>
  verifyMinikube({ runner, program: 'minikube', spec: { ...wanted, driver } });

test('asks minikube and Docker, and changes nothing', async () => {
  const { runner, calls } = fakeRunner(answers);
  expect(await verify(runner)).toEqual({ obstacles: [], notes: [] });
  expect(calls.toSorted()).toEqual(Object.keys(answers).toSorted());
});

const endpoint = endpointCommand.join(' ');

test.each([
  info({ OperatingSystem: 'Docker Desktop' }),
  info({ SecurityOptions: ['name=rootless'] }),
])('a node whose ports can be published needs no note', async (text) => {
  const { runner } = fakeRunner({ ...answers, [dockerInfoCommand.join(' ')]: text, [endpoint]: 'unix:///d.sock' });
  expect((await verify(runner)).notes).toEqual([]);
});

test.each(['tcp://build-host:2376', 'ssh://me@build-host'])('a node on another machine is a note: %s', async (host) => {
  const text = info({ KernelVersion: '5.0-far' });
  const { runner } = fakeRunner({ ...answers, [dockerInfoCommand.join(' ')]: text, [endpoint]: `${host}\n` });
  expect((await verify(runner)).notes).toEqual([expect.stringContaining(`Docker runs on ${host}`)]);
});

test.each([
  ['podman-docker', { host: { cpus: 2, memTotal: 1 }, store: {}, version: {} }],
  [
    "docker that talks to Podman's socket",
    JSON.parse(info({ DockerRootDir: '/home/u/.local/share/containers/storage' })),
  ],
])('Podman is no Docker: %s', async (_, answer) => {
  const { runner } = fakeRunner({ ...answers, [dockerInfoCommand.join(' ')]: JSON.stringify(answer) });
  expect((await verify(runner)).obstacles).toEqual([
    { what: expect.stringContaining('is Podman'), hint: expect.stringContaining('--minikube-driver podman') },
  ]);
});

test('another driver needs no Docker; one that has not been tried is a note', async () => {
  const { runner, calls } = fakeRunner(answers);
  const { notes } = await verify(runner, 'qemu2');
  expect(notes).toEqual([expect.stringContaining('the driver qemu2 has not been tested')]);
  expect(calls).toEqual([version]);
});

test('reports a missing minikube and a stopped daemon at once', async () => {
  const runner: Runner = async (command) => {
    if (command[0] === 'minikube') throw new CommandError(command, { reason: 'spawn minikube ENOENT' });
    throw new CommandError(command, { exitCode: 1, stderr: 'Cannot connect to the Docker daemon' });
  };
  expect(await verify(runner)).toEqual({
    obstacles: [
      { what: "the program 'minikube' was not found", hint: expect.stringContaining('--install-minikube') },
      { what: 'the Docker daemon does not answer: Cannot connect to the Docker daemon', hint: expect.any(String) },
    ],
    notes: [],
  });
});

test.each([
  [
    'a minikube that fails',
    version,
    { exitCode: 1, stderr: 'snap: cannot run' },
    "the program 'minikube' does not report",
  ],
  ['a minikube that answers something else', version, 'v1.38', "the program 'minikube' does not report its version"],
  ['a daemon that ends half-way', dockerInfoCommand.join(' '), { exitCode: 1 }, 'the Docker daemon does not answer'],
] as const)('%s is in the way, and no bug of ours', async (_, command, answer, what) => {
  const { runner } = fakeRunner({ ...answers, [command]: answer });
  const { obstacles } = await verify(runner);
  expect(obstacles).toEqual([{ what: expect.stringContaining(what), hint: expect.stringMatching(/./) }]);
});
