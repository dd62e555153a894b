import { tmpdir } from 'node:os';
import { describe, expect, test } from 'vitest';
import { fixedSettings, type Given, givenOf, keptPaths, parseReset } from '../../src/config/kept.ts';
import { loadConfig } from '../../src/config/load.ts';
import { flagOf, settings, variableOf } from '../../src/config/settings.ts';
import type { Tree } from '../../src/config/tree.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

type Strings = Readonly<Record<string, string>>;
type Run = { readonly kept?: Given; readonly flags?: Strings; readonly env?: Strings; readonly reset?: string };

const cwd = tmpdir();
const load = ({ kept = {}, flags = {}, env = {}, ...reset }: Run) =>
  loadConfig({ cwd: '/nowhere', env, flags, ...reset, instance: async () => kept, check: () => [] });

describe('an instance keeps what was given', () => {
  test('a plain run has what was given before, above the defaults', async () => {
    const kept = { 'gateway.name': 'gw2', 'gateway.portRange.end': 20_099 };
    const { config, origins, given } = await load({ kept });
    expect(config.gateway).toMatchObject({ name: 'gw2', portRange: { start: 20_000, end: 20_099 } });
    expect(origins).toMatchObject({ 'gateway.name': 'instance', 'gateway.portRange.start': 'default' });
    expect(given).toEqual(kept);
  });

  test('a flag or a variable changes one of them, and the instance keeps that', async () => {
    const kept = { 'master.port': 9000, 'master.clusterName': 'a' };
    const run = { kept, flags: { 'master.port': '9001' }, env: { TASKGATE_MASTER_CLUSTER_NAME: 'b' } };
    expect((await load(run)).given).toEqual({ 'master.port': 9001, 'master.clusterName': 'b' });
  });

  test('settings of one run are not kept: neither what is recreated nor where files come from', async () => {
    const flags = { recreate: 'true', mirror: 'http://127.0.0.1/x', name: 'a', provider: 'native', adopt: 'true' };
    expect((await load({ flags })).given).toEqual({ adopt: true });
    expect((await load({ kept: { recreate: true } })).config.recreate).toBe(false);
  });

  test('a password in a value is not kept', async () => {
    const flags = { 'minikube.startArgs': '--docker-env=HTTP_PROXY=http://ci:secret@proxy:1', 'minikube.cpus': '3' };
    expect((await load({ flags })).given).toEqual({ 'minikube.cpus': 3 });
  });

  test('a file is found from every other folder too', async () => {
    const flags = { 'ssh.configFile': 'c', 'ngrok.program': './ngrok', 'ssh.program': 'ssh', kubeconfig: 'a:/b' };
    const { given, config } = await load({ flags });
    expect(given).toEqual({
      ...flags,
      'ssh.configFile': '/nowhere/c',
      'ngrok.program': '/nowhere/ngrok',
      kubeconfig: '/nowhere/a:/b',
    });
    expect(config.ssh.configFile).toBe('c');
    expect((await load({ flags: { kubeconfig: ':a::b:' } })).given).toEqual({ kubeconfig: '/nowhere/a:/nowhere/b' });
    expect((await load({ flags: { 'ssh.configFile': 'none' } })).given).toEqual({ 'ssh.configFile': 'none' });
  });

  test('a value that today is no longer valid, or a setting that there is no longer, counts as not kept', async () => {
    const kept = { 'gateway.listenerLimit': 100_000, 'gateway.colour': 'red', 'master.port': 9000 };
    const { config, given } = await load({ kept });
    expect(config.gateway.listenerLimit).toBe(256);
    expect(given).toEqual({ 'master.port': 9000 });
  });

  test.each<[string, Given, Strings, Given]>([
    [
      'another route',
      { 'master.reach': 'url', 'master.url': 'https://a' },
      { 'master.reach': 'direct' },
      { 'master.reach': 'direct' },
    ],
    [
      'another address of the tunnel',
      { 'ngrok.domain': 'a.example' },
      { 'ngrok.tcpAddress': 'b:1' },
      { 'ngrok.tcpAddress': 'b:1' },
    ],
    [
      'another address of the tunnel, the other way round',
      { 'ngrok.tcpAddress': 'b:1' },
      { 'ngrok.domain': 'a.example' },
      { 'ngrok.domain': 'a.example' },
    ],
    [
      'a policy for a list of callers',
      { 'tunnel.allowFrom': ['10.0.0.0/8'] },
      { 'ngrok.trafficPolicyFile': '/p.yml' },
      { 'ngrok.trafficPolicyFile': '/p.yml' },
    ],
    [
      'a list of callers for a policy',
      { 'ngrok.trafficPolicyFile': '/p.yml' },
      { 'tunnel.allowFrom': '10.0.0.0/8' },
      { 'tunnel.allowFrom': ['10.0.0.0/8'] },
    ],
    [
      'the same route, whose address goes with it',
      { 'master.reach': 'url', 'master.url': 'https://a' },
      { 'master.reach': 'url' },
      { 'master.reach': 'url', 'master.url': 'https://a' },
    ],
  ])('%s: what cannot go with it gives way', async (_, kept, flags, given) => {
    expect((await load({ kept, flags })).given).toEqual(given);
  });

  test('an instance is looked for by a valid name only', async () => {
    const asked: string[] = [];
    const instance = async (name: string) => void asked.push(name);
    const run = (name: string) => loadConfig({ cwd, env: {}, flags: { name }, instance, check: () => [] });
    await run('ok');
    await expect(run('../up')).rejects.toMatchObject({ id: 'usage.config' });
    expect(asked).toEqual(['ok']);
  });

  test('a rule that a kept value breaks names the way to let it go', async () => {
    const check = () => [{ severity: 'error', path: 'master.url', message: 'is set', hint: 'leave it out' } as const];
    const instance = async () => ({ 'master.url': 'https://a' });
    await expect(loadConfig({ cwd: await temporaryDir(), env: {}, flags: {}, instance, check })).rejects.toThrow(
      'instance: master.url: is set; leave it out; or let it go: --reset master.url',
    );
  });
});

describe('--reset', () => {
  test('a setting or a section goes back to its default, unless it is named now', async () => {
    const kept = { 'master.port': 9000, 'ssh.host': 'a', 'ssh.port': 2222, 'gateway.name': 'gw2' };
    const { given } = await load({ kept, reset: 'ssh,master.port', flags: { 'ssh.host': 'b' } });
    expect(given).toEqual({ 'ssh.host': 'b', 'gateway.name': 'gw2' });
  });

  test('of a section what can be changed in place', () => {
    expect(parseReset('network')).toEqual(['network.policies', 'network.egressAllow', 'network.taskToTask']);
  });

  test('all: everything that can be changed in place', () => {
    expect(parseReset('all')).toEqual(keptPaths.filter((path) => !fixedSettings.includes(path)));
    expect(settings.map(({ path }) => path)).toEqual(expect.arrayContaining([...fixedSettings]));
  });

  test.each([
    'ssh.host,ssh.port',
    'ssh.host, ssh.port',
    ' ssh.host  ssh.port ',
    'ssh.host,,ssh.port',
  ])('words: %j', (text) => {
    expect(parseReset(text)).toEqual(['ssh.host', 'ssh.port']);
  });

  test.each(['gateway.seedPort', '--gateway-seed-port', 'GATEWAY_SEED_PORT'])('%s names a setting', (word) => {
    expect(parseReset(word)).toEqual(['gateway.seedPort']);
  });

  test('each setting that is kept is named by its path, its flag and its variable', () => {
    const names = (path: string) => [path, flagOf(path), variableOf(path).slice('TASKGATE_'.length)];
    for (const path of keptPaths) expect(names(path).map(parseReset)).toEqual([[path], [path], [path]]);
  });

  test('a word that names none is refused, with what was meant', () => {
    expect(() => parseReset('gateway.seedPrt')).toThrow(
      "--reset: an instance keeps no setting 'gateway.seedPrt'; did you mean gateway.seedPort?",
    );
    expect(() => parseReset('recreate')).toThrow('an instance keeps no setting');
    expect(() => parseReset('frobnicate')).toThrow(
      expect.objectContaining({
        id: 'usage.reset',
        message: "--reset: an instance keeps no setting 'frobnicate'",
        hint: expect.stringContaining('--reset all'),
      }),
    );
  });
});

test.each([
  ['kubeconfig', 'http://u:s3cret@h'],
  ['minikube.startArgs', ['--docker-env=HTTP_PROXY=http://u:s3cret@h']],
])('a URL with a password is not kept, whatever setting it stands in: %s', (path, value) => {
  const tree = path.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Tree;
  expect(givenOf([{ tree, locate: () => '', problems: [] }], '/work')).toEqual({});
});
