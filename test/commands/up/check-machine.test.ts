import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dockerInfoCommand, dockerVersionCommand } from '../../../src/cluster/minikube/docker/daemon.ts';
import { listPoliciesCommand, listRoutesCommand } from '../../../src/cluster/native/routes.ts';
import { verifyMachine } from '../../../src/cluster/native/verify.ts';
import { checkMachine } from '../../../src/commands/up/check-machine.ts';
import type { UpContext } from '../../../src/commands/up/context.ts';
import { startCluster } from '../../../src/commands/up/start-cluster.ts';
import type { Config } from '../../../src/config/config.ts';
import { createInstance, findInstance } from '../../../src/instance/instance.ts';
import type { InstanceRecord } from '../../../src/instance/record.ts';
import type { Kube } from '../../../src/lib/kube/client.ts';
import type { Runner } from '../../../src/lib/process/runner.ts';
import { attachPlaceOf } from '../../../src/providers/attach.ts';
import type { ChosenSettings } from '../../../src/providers/context.ts';
import { placeOf } from '../../../src/providers/minikube.ts';
import { fakeKube } from '../../fakes/kube.ts';
import { serveKube } from '../../fakes/kube-server.ts';
import { fakeMinikube } from '../../fakes/minikube.ts';
import { fakeProvider } from '../../fakes/provider.ts';
import { fakeRunner } from '../../fakes/runner.ts';
import { makeNode } from '../../support/cluster/attached-node.ts';
import { clusterOf, madeSoFar, newUp, runInOrder } from '../../support/up-context.ts';

const answers = {
  [listRoutesCommand.join(' ')]: '[{"dst":"default","dev":"eth0"},{"dst":"10.210.0.0/16","dev":"eth1"}]',
  [listPoliciesCommand.join(' ')]:
    '[{"priority":0,"src":"all","table":"local"},{"priority":32766,"src":"all","table":"main"}]',
  'minikube version --output=json': '{"minikubeVersion":"v1.38.1"}',
  [dockerVersionCommand.join(' ')]: '28.2.2',
  [dockerInfoCommand.join(' ')]: JSON.stringify({ NCPU: 4, MemTotal: 8 * 1024 ** 3, OperatingSystem: 'Debian' }),
};

/** The trial of a node passes; it is made for real in test/process/trial.test.ts. */
const machineRunner = () => {
  const { runner: others, calls } = fakeRunner(answers);
  const runner: Runner = async (command, options) =>
    command.includes('unshare') ? { exitCode: 0, stdout: '', stderr: '' } : others(command, options);
  return { runner, calls };
};

type Wanted = Partial<Config> & Pick<Config, 'provider'>;

/** Checks the machine for `up` with these settings, as often as is wanted. */
const setUp = async (wanted: Wanted) => {
  const context = await newUp();
  const told = machineRunner();
  const minikube = fakeMinikube('missing');
  const calls: string[] = [];
  const runner: Runner = (command, options) => {
    const line = command.join(' ');
    calls.push(line);
    return (/^minikube (--log_dir|profile|status)|^docker (ps|volume|network)/.test(line) ? minikube : told).runner(
      command,
      options,
    );
  };
  const { stateDir } = context.folders;
  const check = async (change: Partial<Config> = {}, chosen?: ChosenSettings) => {
    const config = { ...context.config, ...wanted, ...change };
    const up: UpContext = { ...context, runner, config, ...(chosen && { chosen }) };
    const { ended, notes, results } = await runInOrder(up, [checkMachine]);
    return { up, ended, notes, machine: results.get(checkMachine) };
  };
  return {
    check,
    calls,
    defaults: context.config,
    stateDir,
    begin: (made: Pick<InstanceRecord, 'name' | 'provider' | 'minikube'>) => createInstance(stateDir, made),
    record: async (name = 'dev') => (await findInstance(stateDir, name))?.record(),
    instances: () => readdir(join(stateDir, 'instances')).catch(() => []),
  };
};

const allowing = (kube: Kube, allowed: boolean): Kube => ({
  ...kube,
  create: async (object) => ({ ...object, status: { allowed } }),
});

type Attached = { readonly minor?: string; readonly allowed?: boolean };

/** A running cluster in the kubeconfig of the user, and the settings to attach to it. */
const serveCluster = async ({ dir, minor = '34', allowed = true }: Record<'dir', string> & Attached) => {
  const version = JSON.stringify({ major: '1', minor, gitVersion: `v1.${minor}.0` });
  const { kube } = fakeKube({ objects: [makeNode()], texts: { '/version': version } });
  const kubeconfig = join(dir, 'config');
  const kinds = ['v1/Node', 'authorization.k8s.io/v1/SelfSubjectAccessReview'];
  await writeFile(kubeconfig, await serveKube(allowing(kube, allowed), kinds));
  return { kubeconfig, context: 'c', allowContext: 'c' };
};
const setUpAttach = async (given: Attached = {}) => {
  const machine = await setUp({ provider: 'attach' });
  const { kubeconfig, ...named } = await serveCluster({ dir: join(machine.stateDir, '..'), ...given });
  const check = (change: Partial<Config> = {}) => machine.check({ kubeconfig, ...named, ...change });
  return { ...machine, check, attach: { ...named, kubeconfigPaths: [kubeconfig] } };
};

// what the native provider needs of a machine is not faked: root, cgroups, overlayfs
const { runner } = machineRunner();
const { signal } = new AbortController();
const { obstacles } = await verifyMachine({ instanceDir: '/var/tmp/tg', cacheDir: '/var/tmp/tg', runner, signal });
const onMachine = test.skipIf(obstacles.length > 0);

onMachine('a new native instance holds a network that this host does not route', async () => {
  const { check, record } = await setUp({ provider: 'native' });
  expect((await check()).ended).toEqual(['done: native provider (as wanted), network 10.211.0.0/16']);
  expect(await record()).toMatchObject({ name: 'dev', provider: 'native', cidr: '10.211.0.0/16', journal: [] });
  expect((await check({ name: 'second' })).ended).toEqual(['done: native provider (as wanted), network 10.212.0.0/16']);
});

const policiesOff = { policies: false, taskToTask: false };

onMachine('a native instance keeps its network; another one is refused', async () => {
  const { check, record } = await setUp({ provider: 'native' });
  await check();
  const made = await record();
  expect((await check({ provider: 'auto' })).ended).toEqual([
    'done: native provider (auto: as it was made), network 10.211.0.0/16',
  ]);
  await check({ network: { ...policiesOff, cidr: '10.211.0.0/16' } });
  await expect(check({ network: { ...policiesOff, cidr: '10.230.0.0/16' } })).rejects.toMatchObject({
    id: 'environment.drift',
    message: 'network.cidr: wanted 10.230.0.0/16, but instance dev has 10.211.0.0/16',
    hint: 'take it down first: taskgate down --name dev',
  });
  expect(await record()).toEqual(made);
});

test('a new Minikube instance holds a profile and a range of Service addresses', async () => {
  const { check, record, calls, defaults, stateDir } = await setUp({ provider: 'minikube' });
  const { profile } = placeOf({ config: defaults, folders: { stateDir } }, undefined);
  expect((await check()).ended).toEqual([`done: minikube provider (as wanted), profile ${profile}`]);
  const minikube = { profile, profileGiven: false, startArgs: [], serviceCidr: '10.97.0.0/16' };
  expect(await record()).toMatchObject({ provider: 'minikube', minikube: { ...defaults.minikube, ...minikube } });
  await check({ name: 'second' });
  expect((await record('second'))?.minikube).toMatchObject({ serviceCidr: '10.98.0.0/16' });
  expect(calls.filter((call) => /(start|delete|create) /.test(call))).toEqual([]);
});

test('a profile that the user has named has its own range', async () => {
  const { check, record, defaults } = await setUp({ provider: 'minikube' });
  const { ended } = await check({ minikube: { ...defaults.minikube, profile: 'theirs', startArgs: '--a  --b' } });
  expect(ended).toEqual(['done: minikube provider (as wanted), profile theirs']);
  const { minikube } = (await record()) ?? {};
  expect(minikube).toMatchObject({ profile: 'theirs', profileGiven: true, startArgs: ['--a', '--b'] });
  expect(minikube).not.toHaveProperty('serviceCidr');
});

test('another node for a Minikube instance is recorded only when its cluster has started', async () => {
  const { check, record, defaults } = await setUp({ provider: 'minikube' });
  await check();
  const made = await record();
  const { up, machine } = await check({ minikube: { ...defaults.minikube, cpus: 4 } });
  expect(await record()).toEqual(made);
  const { provider } = fakeProvider({ start: () => clusterOf(machine.instance, 'minikube') });
  await runInOrder(up, [startCluster], { results: madeSoFar({ ...machine, provider }) });
  expect((await record())?.minikube).toEqual({ ...made?.minikube, cpus: 4 });
});

test('a new attached instance holds the context', async () => {
  const { check, record, attach } = await setUpAttach();
  const { ended, notes } = await check();
  expect(ended).toEqual(['done: attach provider (as wanted), context c']);
  expect(await record()).toMatchObject({ provider: 'attach', attach, journal: [] });
  expect(notes).toEqual([]);
});

test('an attached instance that is there is used again, and no other context in its place', async () => {
  const { check, record } = await setUpAttach();
  await check();
  const made = await record();
  expect((await check()).ended).toEqual(['done: attach provider (as wanted), context c']);
  expect(await record()).toEqual(made);
  const { stateDir } = (await check()).up.folders;
  await (await findInstance(stateDir, 'dev'))?.change({
    attach: { context: 'b', allowContext: 'b', kubeconfigPaths: [] },
  });
  await expect(check()).rejects.toMatchObject({
    id: 'environment.drift',
    message: 'context: wanted c, but instance dev is attached to b',
    hint: 'take it down first: taskgate down --name dev',
  });
});

test('an instance that has only a tunnel so far is attached; its record follows the start', async () => {
  const { check, begin, record } = await setUpAttach();
  await begin({ name: 'dev', provider: 'attach' });
  const { ended, machine } = await check();
  expect(ended).toEqual(['done: attach provider (as wanted), context c']);
  expect(await machine.provider.find()).toBe('running');
  expect(await record()).not.toHaveProperty('attach');
});

test('what is only to be told is a note', async () => {
  const { check } = await setUpAttach({ minor: '30' });
  expect((await check()).notes).toEqual(['the cluster runs Kubernetes v1.30.0; Contour 1.33 supports 1.32 to 1.34']);
});

test('what is in the way is an error, and no instance is made', async () => {
  const { check, instances } = await setUpAttach({ allowed: false });
  await expect(check()).rejects.toMatchObject({
    id: 'environment.machine',
    message: expect.stringContaining(
      "the cluster cannot be used: the user of context 'c' may not get/list/create/patch/delete/update/watch customresource",
    ),
  });
  expect(await instances()).toEqual([]);
});

test('what was given is kept from the first step on, and the next up says what it takes from there', async () => {
  const { check, record } = await setUp({ provider: 'minikube' });
  const origins = { 'minikube.cpus': 'instance', 'master.port': 'instance' };
  await check({}, { given: { 'minikube.cpus': 2, 'master.port': 9000 }, origins: {} });
  expect((await record())?.given).toEqual({ 'minikube.cpus': 2, 'master.port': 9000 });
  const { ended, notes } = await check({}, { given: { 'minikube.cpus': 2, 'master.port': 9000 }, origins });
  expect(ended[0]).toMatch(/^done: minikube provider .*; kept from before: master\.port 9000$/);
  expect(notes).toEqual([]);
});

test('a change is told as old and new; while there is no cluster it is kept at once', async () => {
  const { check, record } = await setUp({ provider: 'minikube' });
  await check({}, { given: { 'master.port': 9000 }, origins: {} });
  const { notes } = await check({}, { given: { 'master.port': 9001 }, origins: { 'master.port': '--master-port' } });
  expect(notes).toEqual(['changed: master.port: 9000 -> 9001 (--master-port)']);
  expect((await record())?.given).toEqual({ 'master.port': 9001 });
});

test('an instance stays with its Minikube profile', async () => {
  const { check, begin, defaults } = await setUp({ provider: 'minikube' });
  const made = placeOf({ config: { ...defaults, name: 'dev' }, folders: { stateDir: '/s' } }, undefined);
  await begin({ name: 'dev', provider: 'minikube', minikube: made });
  await expect(check({ minikube: { ...defaults.minikube, profile: 'other' } })).rejects.toMatchObject({
    id: 'environment.drift',
    message: `minikube.profile: wanted other, but instance dev has ${made.profile}`,
  });
});

test('an attached instance stays with the kubeconfig that it was made with, whatever KUBECONFIG is today', () => {
  const made = { context: 'c', allowContext: 'c', kubeconfigPaths: ['/made'] };
  const env = { KUBECONFIG: '/of/another' };
  expect(attachPlaceOf({ context: 'c' }, env, made).kubeconfigPaths).toEqual(['/made']);
  expect(attachPlaceOf({ context: 'c', kubeconfig: '/named' }, env, made).kubeconfigPaths).toEqual(['/named']);
  expect(attachPlaceOf({ context: 'c' }, env).kubeconfigPaths).toEqual(['/of/another']);
});
