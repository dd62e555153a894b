import { expect, test } from 'vitest';
import { configJsonSchema, configSchema } from '../../src/config/config.ts';
import { defaultsSource } from '../../src/config/sources.ts';
import { setIn } from '../../src/config/tree.ts';

const takes = (path: string, value: unknown): boolean =>
  configSchema.safeParse(setIn(defaultsSource().tree, path.split('.'), value)).success;

/** Without an end, so that no machine is too large. */
const open = Number.MAX_SAFE_INTEGER;

const bounds: Readonly<Record<string, readonly [least: number, most: number]>> = {
  'minikube.cpus': [1, open],
  'minikube.memoryMb': [1800, open],
  'native.memoryMb': [1536, open],
  'native.pidsLimit': [2048, open],
  'gateway.listenerLimit': [2, 1000],
  'gateway.portRange.start': [1, 65_535],
  'gateway.portRange.end': [1, 65_535],
  'gateway.seedPort': [1, 65_535],
  'gateway.contourReplicas': [1, 5],
  'master.port': [1, 65_535],
  'master.maxSlotsPerPod': [0, open],
  'ssh.port': [1, 65_535],
  'ssh.remotePort': [0, 65_535],
  'ssh.serverAliveInterval': [1, 86_400],
  'ssh.serverAliveCountMax': [1, open],
  'ngrok.probeMinutes': [1, 1_440],
  // a public address is not left open for longer than a week
  'tunnel.ttlHours': [1, 168],
  'timeouts.upSeconds': [1, 86_400],
  'timeouts.stageSeconds': [1, 86_400],
};

test.each(Object.entries(bounds))('%s is a whole number from %s on', (path, [least, most]) => {
  const near = [least - 1, least, least + 0.5, least + 1, most - 1, most, most + 1];
  expect(near.filter((value) => takes(path, value))).toEqual([least, least + 1, most - 1, most]);
});

type Shape = { readonly type?: string; readonly properties?: Readonly<Record<string, Shape>> };

const integersOf = ({ type, properties = {} }: Shape, path: readonly string[] = []): readonly string[] =>
  type === 'integer'
    ? [path.join('.')]
    : Object.entries(properties).flatMap(([key, value]) => integersOf(value, [...path, key]));

test('no number is left out of these bounds', () =>
  expect(integersOf(configJsonSchema() as Shape).toSorted()).toEqual(Object.keys(bounds).toSorted()));

const letters = (count: number): string => 'a'.repeat(count);
const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;

test.each<[path: string, good: readonly string[], bad: readonly string[]]>([
  ['name', ['a', 'a-1', letters(40)], ['', 'A', '1a', '-a', 'a-', 'a.b', 'a_b', ' a', 'a\n', letters(41)]],
  ['gateway.name', [letters(55)], [letters(56)]],
  ['gateway.namespace', [letters(63)], [letters(64)]],
  ['gateway.className', [letters(63)], [letters(64)]],
  ['master.taskNamespace', [letters(63)], [letters(64)]],
  [
    'master.version',
    ['0.38.1', '0.38.1rc0', '0.38.2-dev0', '1.0+local.1'],
    [
      '',
      '1',
      'v0.38.1',
      '0.38.1 ',
      '0.38.1\n',
      '0/1.2',
      '../0.1',
      '0.38.1;x',
      '0.38.1 --hash=sha256:a',
      '-0.1',
      '0..1',
    ],
  ],
  ['minikube.profile', [letters(63)], [letters(64)]],
  [
    'network.cidr',
    [
      '10.0.0.0/16',
      '10.255.0.0/16',
      '172.16.0.0/16',
      '172.31.0.0/16',
      '192.168.0.0/16',
      '198.18.0.0/16',
      '198.19.0.0/16',
    ],
    [
      ...[
        '9.0.0.0/16',
        '11.0.0.0/16',
        '10.256.0.0/16',
        '172.15.0.0/16',
        '172.32.0.0/16',
        '192.167.0.0/16',
        '192.169.0.0/16',
      ],
      ...['198.17.0.0/16', '198.20.0.0/16', '10.1.0.0/15', '10.1.0.0/17', '10.1.1.0/16', '10.1.0.1/16', '10.1.0.0/160'],
      ...['110.1.0.0/16', '10x1.0.0/16', ' 10.1.0.0/16', '192.168.0.0/16\n'],
    ],
  ],
  [
    'master.host',
    ['a', 'a.b-c', '10.0.0.1', '::1', '2001:db8::', '2001:db8::1'],
    ['', '-a', 'a-', 'a b', 'http://a', 'a/b', '[::1]', ':::1', 'a\n', 'u@a'],
  ],
  ['ssh.bindAddress', ['*', '::', '0.0.0.0', 'localhost'], ['', '**', '*a', ':', ':::', '-R']],
  ['ssh.host', ['a', 'u@a', 'a-b'], ['', '-a', 'a b', ' a', 'a\n']],
  ['ngrok.tcpAddress', ['1.tcp.ngrok.io:12345', 'a:1'], ['a', 'a:', ':1', 'a:x', 'a:1x', 'tcp://a:1', '-a:1', 'a:1:2']],
  [
    'minikube.serviceCidr',
    ['10.97.0.0/16'],
    ['10.97.0/16', '10.97.0.0.0/16', '10.97.0.0', '10.97.0.0/', 'x10.97.0.0/16'],
  ],
  ['master.taskImage', ['a', 'registry/a:1'], ['', 'a b', '$IMAGE', 'a\n']],
  [
    'bundleDigest',
    [digest],
    ['', digest.slice(7), digest.slice(0, -1), `${digest}0`, digest.toUpperCase(), `${digest.slice(0, -1)}g`],
  ],
  ['gateway.forwardAddress', ['0.0.0.0', '255.255.255.255'], ['256.0.0.0', '1.2.3', '1.2.3.4.5', '::1', 'localhost']],
  ['mirror', ['http://a', 'https://a/b'], ['', 'ftp://a', 'httpsx://a', 'xhttp://a', 'https://', 'a']],
])('%s: what is just right, and what is just beside it', (path, good, bad) => {
  expect(good.filter((value) => !takes(path, value))).toEqual([]);
  expect(bad.filter((value) => takes(path, value))).toEqual([]);
});

test.each([
  ['gateway.allowFrom', ['10.0.0.0/0', '10.0.0.0/32', '10.0.0.1'], ['10.0.0.0/33', '256.0.0.0/8', '10.0.0/8', '::/0']],
  ['network.egressAllow', ['10.0.0.0/32'], ['10.0.0.0/33', '2001:db8::/32']],
  ['tunnel.allowFrom', ['10.0.0.0/32', '::/0', '2001:db8::/128'], ['10.0.0.0/33', '2001:db8::/129', 'any']],
] as const)('%s: each of its ranges', (path, good, bad) => {
  expect(good.filter((value) => !takes(path, [value]))).toEqual([]);
  expect(bad.filter((value) => takes(path, [value]))).toEqual([]);
});
