import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CommandError } from '../../../src/lib/process/runner.ts';
import { describeProgress, type Progress } from '../../../src/lib/progress.ts';
import { changing, limits, oldOurs, ours, setUp } from '../../fakes/minikube.ts';

const collect = () => {
  const lines: string[] = [];
  return { lines, report: (what: string | Progress) => void lines.push(describeProgress(what)) };
};

test.each([
  ['missing', 'absent'],
  ['corrupted', 'stopped'],
  ['Stopped', 'stopped'],
  ['none', 'stopped'],
  ['Paused', 'stopped'],
  ['Running', 'running'],
] as const)('a profile that is %s is %s, and looking changes nothing', async (host, state) => {
  const { provider, calls } = await setUp({ host });
  expect(await provider.find()).toBe(state);
  expect(changing(calls)).toEqual([]);
});

test('a cluster is made: journalled before, with a kubeconfig of its own, described after', async () => {
  const { provider, journal, instanceDir, calls } = await setUp({ host: 'missing' });
  const reports = collect();
  expect(await provider.start({ ...limits, report: reports.report })).toEqual({
    name: 'dev',
    provider: 'minikube',
    kubeconfigPath: join(instanceDir, 'kubeconfig'),
    kubeContext: 'dev',
    nodeName: 'dev',
    nodeAddress: '192.168.49.2',
    hostAddress: '192.168.49.1',
  });
  expect(journal).toEqual([ours]);
  expect(reports.lines).toEqual(['minikube: Preparing Kubernetes']);
  expect(changing(calls)).toHaveLength(1);
  expect(await readFile(join(instanceDir, 'kubeconfig'), 'utf8')).toContain('current-context: dev');
  expect(await readFile(join(instanceDir, 'logs/minikube.log'), 'utf8')).toMatch(
    /minikube start .*\n.*\nexit code 0\n/,
  );
});

test('a failed start is in the journal already, and its reason is reported', async () => {
  const { provider, journal } = await setUp({
    host: 'missing',
    override: ([command]) => (command === 'start' ? { exitCode: 80, stderr: 'no container' } : undefined),
  });
  await expect(provider.start(limits)).rejects.toMatchObject({
    id: 'cluster.minikube-guest',
    message: 'minikube start exited with 80: no container',
  });
  expect(journal).toEqual([oldOurs]);
});

test('a minikube that is killed while it starts', async () => {
  const { provider } = await setUp({
    host: 'missing',
    override: ([command]) => {
      if (command === 'start') throw new CommandError(['minikube', 'start'], { reason: 'was killed with SIGKILL' });
      return undefined;
    },
  });
  await expect(provider.start(limits)).rejects.toMatchObject({
    id: 'cluster.minikube-killed',
    message: expect.stringContaining('was killed with SIGKILL'),
  });
});

test('a cluster that runs is used as it is, and its kubeconfig is written once', async () => {
  const { provider, calls, instanceDir } = await setUp({ host: 'Running', journalled: [ours] });
  await provider.start(limits);
  expect(changing(calls)).toEqual(['minikube update-context --profile=dev']);
  const { mtimeMs } = await stat(join(instanceDir, 'kubeconfig'));
  await provider.start(limits);
  expect(changing(calls)).toHaveLength(1);
  expect((await stat(join(instanceDir, 'kubeconfig'))).mtimeMs).toBe(mtimeMs);
});

test.each([
  ['Stopped', ['start']],
  ['none', ['delete', 'start']],
  ['corrupted', ['delete', 'start']],
  ['Paused', ['unpause']],
] as const)('a cluster that is %s is brought back by %j', async (host, commands) => {
  const { provider, calls, journal } = await setUp({ host, journalled: [ours] });
  await provider.start(limits);
  expect(changing(calls).map((line) => line.split(' ')[1])).toEqual(commands);
  expect(journal).toEqual([ours]);
});

test('a profile that the user named is adopted, and kept by down', async () => {
  const { provider, calls, journal } = await setUp({ host: 'Running', spec: { profileGiven: true } });
  await provider.start(limits);
  expect(journal).toEqual([{ ...oldOurs, owned: false }]);
  await provider.delete();
  expect(journal).toEqual([]);
  expect(changing(calls)).toEqual(['minikube update-context --profile=dev']);
});

test('a profile that taskgate did not create is neither changed nor journalled', async () => {
  const { provider, calls, journal } = await setUp({ host: 'Stopped' });
  await expect(provider.start(limits)).rejects.toMatchObject({ id: 'cluster.minikube-not-ours' });
  await provider.delete();
  expect(changing(calls)).toEqual([]);
  expect(journal).toEqual([]);
});

test('--recreate recreates a named profile that does not match, and then owns it', async () => {
  const spec = { profileGiven: true, recreate: true, cpus: 4 };
  const { provider, calls, journal } = await setUp({ host: 'Running', spec });
  const reports = collect();
  await provider.start({ ...limits, report: reports.report });
  expect(changing(calls).map((line) => line.split(' ')[1])).toEqual(['delete', 'start']);
  expect(journal).toEqual([ours]);
  expect(reports.lines[0]).toBe('minikube: deleting dev (CPUs: wanted 4, has 2)');
});

test.each([
  ['Running', ['stop']],
  ['Paused', ['unpause', 'stop']],
  ['Stopped', []],
  ['missing', []],
  ['none', []],
] as const)('stopping a profile that is %s: %j', async (host, commands) => {
  const { provider, calls, journal } = await setUp({ host, journalled: [ours] });
  await provider.stop();
  expect(changing(calls).map((line) => line.split(' ')[1])).toEqual(commands);
  expect(journal).toEqual([ours]);
});

test('deleting a profile is safe to repeat', async () => {
  const { provider, calls, journal } = await setUp({ host: 'missing', journalled: [ours] });
  await provider.delete();
  await provider.delete();
  expect(changing(calls)).toEqual(['minikube delete --profile=dev --output=json']);
  expect(journal).toEqual([]);
});

test('minikube reports it as deleted but Docker still has it: an error, and the journal keeps it', async () => {
  const { provider, state, journal, calls } = await setUp({ host: 'Running', journalled: [ours] });
  state.leftovers.push('dev');
  await expect(provider.delete()).rejects.toMatchObject({
    id: 'cluster.minikube-leftovers',
    message: 'minikube reports that dev is deleted, but Docker still has container dev',
  });
  expect(changing(calls)).toHaveLength(3);
  expect(journal).toEqual([ours]);
});

test.each(['find', 'delete', 'stop'] as const)('with a daemon that is down, %s asks minikube nothing', async (what) => {
  const down = { exitCode: 1, stderr: 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock.' };
  const { provider, calls } = await setUp({
    host: 'none',
    journalled: [ours],
    override: ([program]) => (program === 'docker' ? down : undefined),
  });
  await expect(provider[what]()).rejects.toMatchObject({ id: 'environment.docker-not-running' });
  expect(calls.filter((line) => line.startsWith('minikube'))).toEqual([]);
});

test.each([
  ['missing', [], 'the incomplete profile dev was removed', 'delete'],
  ['Stopped', [ours], 'the profile dev is kept, and the next up continues with it', undefined],
] as const)('interrupted while a profile that is %s starts', async (host, journalled, said, last) => {
  const interrupt = new AbortController();
  const reason = new Error('interrupted');
  const reports = collect();
  const { provider, calls, journal } = await setUp({
    host,
    journalled,
    override: ([command]) => {
      if (command !== 'start') return undefined;
      interrupt.abort(reason);
      return { exitCode: 2 };
    },
  });
  await expect(provider.start({ ...limits, report: reports.report, signal: interrupt.signal })).rejects.toBe(reason);
  expect(reports.lines.at(-1)).toBe(`minikube: the start was interrupted; ${said}`);
  expect(changing(calls).at(-1)?.split(' ')[1]).toBe(last ?? 'start');
  expect(journal).toEqual(journalled);
});
