import { expect, test } from 'vitest';
import { judge } from '../../support/master/sample.ts';

const rm = 'resource_manager';
const gateway = `${rm}.internal_task_gateway`;

type Row = readonly [what: string, changes: Readonly<Record<string, unknown>>, problems: readonly string[]];

const gatewayRows: readonly Row[] = [
  ...['gateway.example', 'fd00::1', '10.0.0.1', 'Host-1', 'a', 'a.b', '9a', 'a--b.c-9', 'gateway.example.'].map(
    (host): Row => [host, { [`${gateway}.gateway_ip`]: host }, []],
  ),
  ...(
    [
      ['http://10.0.0.1', 'is a URL, not a host'],
      ['10.0.0.1:80', 'has a port'],
      ['gateway.example:8080', 'has a port'],
      ['[fd00::1]:80', 'has a port'],
      ['0.0.0.0', 'is an address to listen on, not to dial'],
      ['::', 'is an address to listen on, not to dial'],
      ['10.0.0', 'is not an IP address'],
      ['10.0.0.256', 'is not an IP address'],
      ...(
        [
          'my_host',
          '-a',
          'a-',
          'a..b',
          '.a',
          'a.-b',
          'a-.b',
          'a.b-',
          'a.b..',
          'a b',
          'fd00::1g',
          '[fd00::1]',
          'a:b',
          '10.0.0.1:80/x',
          'ä.example',
        ] as const
      ).map((host) => [host, 'is neither an IP address nor a host name'] as const),
      [' 10.0.0.1', 'is blank or has surrounding blanks'],
      ['10.0.0.1 ', 'is blank or has surrounding blanks'],
      [' ', 'is blank or has surrounding blanks'],
    ] as const
  ).map(
    ([host, why]): Row => [
      `gateway_ip ${host}`,
      { [`${gateway}.gateway_ip`]: host },
      [`error ${gateway}.gateway_ip: '${host}' ${why}`],
    ],
  ),
  ['a dot in the name', { [`${gateway}.gateway_name`]: 'my.gateway' }, []],
  [
    'a dot in the namespace',
    { [`${gateway}.gateway_namespace`]: 'my.space' },
    [`error ${gateway}.gateway_namespace: 'my.space' cannot be a namespace: only a-z, 0-9 and '-'`],
  ],
  [
    'a number as address',
    { [`${gateway}.gateway_ip`]: 5 },
    [`error ${gateway}.gateway_ip: must be a string, is the number 5`],
  ],
  [
    'no block',
    { [gateway]: undefined },
    [`warning ${gateway}: is missing: tasks of this resource manager are not exposed`],
  ],
];

test.each(gatewayRows)('internal task gateway: %s', (_, changes, problems) => {
  expect(judge(changes).toSorted()).toEqual([...problems].toSorted());
});

const names = ['a', 'a1', '1a', 'a-b', 'a--b', 'a'.repeat(63)];
const dotted = ['a.b', 'a-b.c-d', '1.2'];
const regex = '^[a-zA-Z0-9]([-a-zA-Z0-9_.]*[a-zA-Z0-9])?$';

test.each([
  ...[...names, ...dotted].map((name) => ['gateway_name', name, undefined] as const),
  ...names.map((name) => ['gateway_namespace', name, undefined] as const),
  ...['-a', 'a-', '.a', 'a.', '_a', 'a b', 'a/b', 'ä'].map(
    (name) => ['gateway_name', name, `does not match ${regex}`] as const,
  ),
  ...['A', 'aB', 'a_b', 'a..b', 'a-.b', 'a.-b', 'a.b-.c', 'A.b', 'a.B'].map(
    (name) => ['gateway_name', name, "cannot be a Kubernetes name: only a-z, 0-9, '-' and '.'"] as const,
  ),
  ...[...dotted, 'A', 'aB', 'Ab', 'a_b'].map(
    (name) => ['gateway_namespace', name, "cannot be a namespace: only a-z, 0-9 and '-'"] as const,
  ),
])('%s %s', (key, name, why) => {
  expect(judge({ [`${gateway}.${key}`]: name })).toEqual(why ? [`error ${gateway}.${key}: '${name}' ${why}`] : []);
});

const [nodePorts, ephemeral, paired] = [
  "30000-32767, the cluster's node ports",
  "24768-52999, which Envoy binds among the kernel's ephemeral ports",
  '57536-59581, of which Contour binds pairs to the same container port',
];

/** Each range with the ranges that it overlaps; those beside a boundary overlap nothing. */
test.each<readonly [start: number, end: number, ...overlaps: readonly string[]]>([
  [1025, 1026],
  [65534, 65535],
  [20000, 24767],
  [20000, 24768, ephemeral],
  [52999, 53010, ephemeral],
  [53000, 53010],
  [29000, 29999, ephemeral],
  [29000, 30000, nodePorts, ephemeral],
  [32767, 32768, nodePorts, ephemeral],
  [32768, 32770, ephemeral],
  [57000, 58558],
  [57000, 58559, paired],
  [58558, 59581, paired],
  [58559, 60000],
])('ports %i-%i', (start, end, ...overlaps) => {
  const key = `${gateway}.gateway_port_range_start`;
  const problems = judge({ [key]: start, [`${gateway}.gateway_port_range_end`]: end });
  expect(problems).toEqual(overlaps.map((other) => `warning ${key}: ports ${start}-${end} overlap ${other}`));
});

const [startKey, endKey] = [`${gateway}.gateway_port_range_start`, `${gateway}.gateway_port_range_end`];
test.each<Row>([
  ['a start that is refused', { [startKey]: 1024, [endKey]: 40_000 }, [`error ${startKey}: 1024 is not in 1025-65535`]],
  ['an end that is refused', { [startKey]: 50_000, [endKey]: 65_536 }, [`error ${endKey}: 65536 is not in 1025-65535`]],
  ['an end that is no number', { [endKey]: 'low' }, [`error ${endKey}: must be an integer, is the string 'low'`]],
  ['no end', { [endKey]: undefined }, [`warning ${endKey}: is missing: the master then uses 65535`]],
  [
    'a start at the end that is used then',
    { [startKey]: 65_535, [endKey]: undefined },
    [
      `warning ${endKey}: is missing: the master then uses 65535`,
      `error ${endKey}: end 65535 is not greater than gateway_port_range_start 65535`,
    ],
  ],
])('only what is wrong is said of %s', (_, changes, problems) => {
  expect(judge(changes).toSorted()).toEqual([...problems].toSorted());
});
