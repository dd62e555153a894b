import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeNetwork, type Network } from '../../scripts/testbed/network.ts';
import type { EnvoyService } from '../../src/gateway/ready/envoy-service.ts';
import type { Kube } from '../../src/lib/kube/client.ts';
import { envoyServiceRef } from '../../src/model/contour-names.ts';
import type { Hop } from '../../src/model/path.ts';
import { ending, makeTaskgate, type Taskgate } from '../support/e2e/taskgate.ts';
import { figure } from '../support/figure.ts';

const service = envoyServiceRef({ name: 'contour', namespace: 'projectcontour' });

let taskgate: Taskgate;
/** Gives this host a further address, which may not dial task ports. */
let network: Network;
let kube: Kube;
let before: readonly string[];

beforeAll(async () => {
  [taskgate, network] = await Promise.all([makeTaskgate(), makeNetwork()]);
  before = await openSockets();
  expect(ending(await taskgate.run('up', '--provider', 'native'))).toBe('exit 0');
  kube = await taskgate.kube('dev');
});
afterAll(async () => {
  await taskgate.close('dev');
  await network.remove();
});

const closedHops = (stdout: string): readonly Hop[] =>
  (JSON.parse(stdout) as { readonly hops: readonly Hop[] }).hops.filter(({ direction }) => direction === 'closed');

test('an address that is not allowed does not reach task ports', async () => {
  const smoke = await taskgate.run('smoke', '--json');
  expect(ending(smoke)).toBe('exit 0');
  const hop = closedHops(smoke.stdout).find(({ to }) => to.startsWith('task ports at'));
  expect(hop).toMatchObject({ ok: true, from: expect.stringContaining('(not allowed)') });
});

test('smoke --closed shows these alone', async () => {
  const { stdout } = await taskgate.run('smoke', '--closed');
  expect(stdout).toContain('✔ closed');
  expect(stdout).not.toContain('✔ forward');
});

/** Sockets that listen on this host for others: TCP and UDP, not on loopback. */
const openSockets = async (): Promise<readonly string[]> => {
  const { stdout } = await execa('ss', ['--no-header', '--listening', '--tcp', '--udp', '--numeric']);
  const local = stdout.split('\n').flatMap((line) => line.split(/\s+/)[4] ?? []);
  return local.filter((address) => !/^(127\.|\[::1\]|\[::ffff:127\.)/.test(address));
};

test('nothing listens beyond loopback that nobody asked for', async () => {
  const added = (await openSockets()).filter((address) => !before.includes(address));
  const { spec } = await kube.get<EnvoyService>(service);
  const nodePorts = spec?.ports?.filter(({ nodePort }) => nodePort) ?? [];
  expect(added).toEqual([]);
  figure('sockets beyond loopback that nobody asked for, NodePorts counted', added.length + nodePorts.length);
});

test('Envoy’s Service has no NodePorts, also for a listener that is added', async () => {
  const { spec } = await kube.get<EnvoyService>(service);
  expect(spec?.ports?.filter(({ nodePort }) => nodePort)).toEqual([]);
  expect(spec?.loadBalancerSourceRanges).toEqual([expect.stringMatching(/^10\..*\.255\.1\/32$/)]);
});

test('a Service that somebody opened is a finding, and up limits it again', async () => {
  await kube.patch(service, { spec: { loadBalancerSourceRanges: null } }, { type: 'merge' });
  const status = await taskgate.run('status');
  expect(status.exitCode).toBe(6);
  expect(status.stdout).toContain('Service envoy-contour lets in every address instead of 10.');
  expect(ending(await taskgate.run('up', '--provider', 'native'))).toBe('exit 0');
  expect(ending(await taskgate.run('status'))).toBe('exit 0');
});

test('exposure lists what is reachable, and prints rules for the host’s firewall', async () => {
  const { stdout } = await taskgate.run('exposure', '--json');
  const rows = JSON.parse(stdout) as readonly { readonly what: string; readonly to: string }[];
  expect(rows.map(({ what }) => what)).toEqual([
    'task ports',
    'master',
    'task pods',
    'API server',
    'kubelet',
    'CoreDNS',
  ]);
  const { gateway, cluster } = await taskgate.record('dev');
  expect(rows[0]?.to).toBe(`connections from ${gateway?.allowFrom?.join(', ')}`);
  const nft = await taskgate.run('exposure', '--format', 'nft');
  expect(nft.stdout).toContain(`ip daddr ${cluster?.hostAddress} drop`);
});

test('with a certificate of its own the master is dialed by TLS, and answers no plain http', async () => {
  const up = await taskgate.run('up', '--provider', 'native', '--master-tls', '--json');
  expect(ending(up)).toBe('exit 0');
  const { proof, master } = JSON.parse(up.stdout);
  expect(master.scheme).toBe('https');
  expect(proof.hops).toContainEqual(
    expect.objectContaining({ direction: 'closed', from: 'pod by plain http', ok: true }),
  );
  const variables = JSON.parse((await taskgate.run('env', '--json')).stdout);
  expect(variables.DET_MASTER_CERT_FILE).toBe(`${taskgate.dirOf('dev')}/master-ca.crt`);
  const masterYaml = await taskgate.file('dev', 'master.yaml');
  expect(masterYaml).toContain(`cert: ${taskgate.dirOf('dev')}/master.crt`);
  expect(ending(await taskgate.run('config', 'validate', `${taskgate.dirOf('dev')}/master.yaml`))).toBe('exit 0');
});

test('with nobody allowed this host goes by forwards', async () => {
  const up = await taskgate.run('up', '--reset', 'master.tls', '--gateway-allow-from', 'none');
  expect(ending(up)).toBe('exit 0');
  expect(up.stderr).toContain('by forwards on 127.0.0.1');
});
