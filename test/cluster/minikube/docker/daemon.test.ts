import { expect, test } from 'vitest';
import {
  containerIdsCommand,
  dockerVersionCommand,
  findContainerId,
  findLeftovers,
  leftoverCommands,
  verifyDocker,
} from '../../../../src/cluster/minikube/docker/daemon.ts';
import { CommandError, type Runner } from '../../../../src/lib/process/runner.ts';
import { fakeRunner } from '../../../fakes/runner.ts';

const failing =
  (details: ConstructorParameters<typeof CommandError>[1]): Runner =>
  async (command) => {
    throw new CommandError(command, details);
  };

test.each([
  [
    { exitCode: 1, stderr: 'Cannot connect to the Docker daemon at unix:///x.' },
    'not-running',
    'systemctl start docker',
  ],
  [{ timedOut: true }, 'not-running', 'systemctl start docker'],
  [{ reason: 'spawn docker ENOENT' }, 'missing', '--provider native'],
  [{ exitCode: 1, stderr: 'permission denied while trying to connect' }, 'refused', 'group docker'],
] as const)('%j: environment.docker-%s', async (details, what, hint) => {
  await expect(verifyDocker(failing(details))).rejects.toMatchObject({
    id: `environment.docker-${what}`,
    hint: expect.stringContaining(hint),
  });
});

test('a daemon that answers is no obstacle; one that does not has a deadline', async () => {
  const { runner, calls, options } = fakeRunner({ [dockerVersionCommand.join(' ')]: '28.2.2' });
  await verifyDocker(runner);
  expect(calls).toHaveLength(1);
  expect(options[0]?.timeoutMs).toBe(10_000);
});

test('what is left of a profile is found by its label', async () => {
  const { container, volume, network } = leftoverCommands('dev');
  const line = (command: readonly string[] = []) => command.join(' ');
  expect(line(container)).toContain('--filter label=name.minikube.sigs.k8s.io=dev');
  const { runner } = fakeRunner({ [line(container)]: 'dev\ndev-m02\n', [line(volume)]: 'dev', [line(network)]: '' });
  expect(await findLeftovers(runner, 'dev')).toEqual(['container dev', 'container dev-m02', 'volume dev']);
});

test('the container of the first node has the name of the profile', async () => {
  const line = containerIdsCommand('dev').join(' ');
  expect(line).toContain('--no-trunc --filter label=name.minikube.sigs.k8s.io=dev');
  const { runner } = fakeRunner({ [line]: 'aa dev-m02\nbb dev\n' });
  expect(await findContainerId(runner, 'dev')).toBe('bb');
  expect(await findContainerId(fakeRunner({ [line]: '' }).runner, 'dev')).toBeUndefined();
});
