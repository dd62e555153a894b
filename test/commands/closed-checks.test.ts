import { expect, test } from 'vitest';
import { closedChecksOf, promisedBy } from '../../src/commands/closed-checks.ts';
import type { Config } from '../../src/config/config.ts';
import type { InstanceRecord } from '../../src/instance/record.ts';
import type { Cluster } from '../../src/model/cluster.ts';
import { commandContext, instanceRecord } from '../support/context.ts';

const { config } = commandContext({ folders: { stateDir: '/nowhere', cacheDir: '/nowhere' } });
const cluster: Cluster = {
  provider: 'native',
  ...{ name: 'dev', kubeconfigPath: '/k', kubeContext: 'c', nodeName: 'n' },
  ...{ nodeAddress: '10.210.255.2', hostAddress: '10.210.255.1' },
};

const checksOf = (record: Partial<InstanceRecord>, change: Partial<Config> = {}): readonly string[] =>
  closedChecksOf({
    record: instanceRecord({ cluster, ...record }),
    settings: { ...config, ...change },
    master: { scheme: 'http', host: '10.210.255.1', port: 8080, via: 'direct' },
    hasCertificate: false,
  }).map(({ from, to }) => `${from} x ${to}`);

const port = 'pod x other ports of this host, 10.210.255.1';
const files = "pod (baseline) x the node's files";

test.each([
  ['native', {}, {}, [port, files]],
  ['native that lets pods reach the host', {}, { native: { ...config.native, egress: 'host' } }, [files]],
  ['native that admits every pod', {}, { podSecurity: 'privileged' }, [port]],
  ['a profile of ours', { provider: 'minikube' }, {}, [files]],
  ['attach', { provider: 'attach' }, {}, []],
  [
    'attach where the user asks',
    { provider: 'attach' },
    { podSecurity: 'restricted' },
    [files.replace('baseline', 'restricted')],
  ],
] as const)('%s', (_, record, change, checks) => expect(checksOf(record, change)).toEqual(checks));

test('what was promised is what the last up recorded; one of an older taskgate promised nothing', () => {
  const { gateway, native, network } = config;
  expect(promisedBy({ settings: { gateway, native, network } })).toEqual({ native });
  expect(promisedBy({ settings: { gateway, network, podSecurity: 'restricted' } })).toMatchObject({
    podSecurity: 'restricted',
  });
  const older = { settings: { gateway } };
  const input = { master: { scheme: 'http', host: '10.210.255.1', port: 8080, via: 'direct' } } as const;
  const record = instanceRecord({ cluster, ...older });
  expect(closedChecksOf({ record, settings: promisedBy(older), ...input, hasCertificate: false })).toEqual([]);
});
