import { expect, test } from 'vitest';
import { endpointCommand, findFarNode, isPublishable, whyFar } from '../../../../src/cluster/minikube/docker/place.ts';
import { fakeRunner } from '../../../fakes/runner.ts';

const host = { platform: 'linux', kernel: '6.1.0-here' } as const;
const debian = {
  OperatingSystem: 'Debian GNU/Linux 12',
  SecurityOptions: ['name=seccomp'],
  KernelVersion: host.kernel,
};

test.each([
  ['docker', {}, undefined],
  ['docker', { OperatingSystem: 'Docker Desktop' }, 'Docker Desktop runs it in a virtual machine'],
  ['docker', { SecurityOptions: ['name=rootless'] }, 'rootless Docker has a separate network'],
  ['docker', { KernelVersion: '6.8.0-vm' }, 'Docker runs on another machine, with kernel 6.8.0-vm'],
  ['kvm2', {}, undefined],
  ['qemu2', {}, 'the driver qemu2 has not been tested'],
])('%s with %j', (driver, fields, why) => {
  expect(whyFar(driver, { ...debian, ...fields }, host)).toBe(why);
});

test('on macOS the node is never on a bridge of this host', () => {
  expect(whyFar('podman', {}, { ...host, platform: 'darwin' })).toBe('on darwin it runs in a virtual machine');
});

const desktop = { ...debian, OperatingSystem: 'Docker Desktop' };
const findWith = (endpoint: Parameters<typeof fakeRunner>[0][string], driver = 'docker') =>
  findFarNode(fakeRunner({ [endpointCommand.join(' ')]: endpoint }).runner, driver, desktop, host);

test.each([
  ['unix:///home/u/.docker/desktop/docker.sock\n', false],
  ['npipe:////./pipe/docker_engine', false],
  ['tcp://localhost:2375', false],
  ['tcp://192.0.2.7:2376', true],
  ['ssh://me@build-host', true],
])('ports are published on this host, unless the daemon is elsewhere: %s', async (endpoint, isRemote) => {
  const far = await findWith(endpoint);
  expect(far).toMatchObject({ isRemote });
  expect(far && isPublishable('docker', far)).toBe(!isRemote);
});

test('a docker without contexts is asked in vain', async () => {
  expect(await findWith({ exitCode: 1, stderr: 'docker: context is not a docker command' })).toMatchObject({
    isRemote: false,
  });
});

test('only docker and podman publish', () => {
  const far = { because: '', isRemote: false };
  expect(['docker', 'podman', 'kvm2'].map((driver) => isPublishable(driver, far))).toEqual([true, true, false]);
});
