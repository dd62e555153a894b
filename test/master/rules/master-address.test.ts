import { expect, test } from 'vitest';
import { additional, judge } from '../../support/master/sample.ts';

const rm = 'resource_manager';
const second = 'additional_resource_managers[0]';

type Row = readonly [what: string, changes: Readonly<Record<string, unknown>>, problems: readonly string[]];
const one = (changes: Readonly<Record<string, unknown>> = {}) => ({
  additional_resource_managers: [additional(changes)],
});

const addressRows: readonly Row[] = [
  [
    'host localhost',
    { [`${rm}.determined_master_host`]: 'localhost' },
    [`warning ${rm}.determined_master_host: 'localhost' is the pod itself when a pod dials it`],
  ],
  ...[
    ...[
      'LocalHost',
      'localhost.',
      'foo.localhost',
      'Foo.LocalHost.',
      'localhost.localdomain',
      'localhost.localdomain.',
    ],
    ...['127.0.0.2', '127.1', '127.0.1', '::1', '[::1]', '::ffff:127.0.0.1', '::FFFF:127.0.0.1'],
  ].map(
    (host): Row => [
      host,
      { [`${rm}.determined_master_host`]: host },
      [`warning ${rm}.determined_master_host: '${host}' is the pod itself when a pod dials it`],
    ],
  ),
  ...[
    'localhosts.example',
    'localhost.example.com',
    'mylocalhost',
    'localhost.localdomains',
    '::ffff:10.0.0.1',
    '127.example',
    '::1:1',
    '128.0.0.1',
    '$MASTER_HOST',
  ].map(
    (host): Row => [
      host,
      { [`${rm}.determined_master_host`]: host },
      host.includes('$') ? [`error ${rm}.determined_master_host: ${host} is not expanded in '${host}'`] : [],
    ],
  ),
  ['port 1', { [`${rm}.determined_master_port`]: 1 }, []],
  ['port 65535', { [`${rm}.determined_master_port`]: 65_535 }, []],
  [
    'port 65536',
    { [`${rm}.determined_master_port`]: 65_536 },
    [`warning ${rm}.determined_master_port: 65536 is not in 1-65535`],
  ],
  ['https', { [`${rm}.determined_master_scheme`]: 'https' }, []],
  [
    'an empty host and no Service',
    { [`${rm}.determined_master_host`]: '' },
    [`error ${rm}.determined_master_host: is missing: the master then looks for a Service without a name`],
  ],
  [
    'an empty Service',
    { [`${rm}.determined_master_host`]: undefined, [`${rm}.master_service_name`]: '' },
    [`error ${rm}.determined_master_host: is missing: the master then looks for a Service without a name`],
  ],
  [
    'a name of old that is no host',
    { [`${rm}.determined_master_host`]: undefined, [`${rm}.determined_master_ip`]: '10.0.0.9:80' },
    [
      `warning ${rm}.determined_master_host: '10.0.0.9:80' has a port`,
      `warning ${rm}.determined_master_ip: was renamed`,
    ],
  ],
  [
    'host with scheme',
    { [`${rm}.determined_master_host`]: 'https://x.example' },
    [`warning ${rm}.determined_master_host: 'https://x.example' is a URL, not a host`],
  ],
  [
    'no port',
    { [`${rm}.determined_master_port`]: undefined },
    [`warning ${rm}.determined_master_port: is missing: the master then ignores determined_master_host`],
  ],
  ['port 0', { [`${rm}.determined_master_port`]: 0 }, [`warning ${rm}.determined_master_port: 0 is not in 1-65535`]],
  [
    'no scheme',
    { [`${rm}.determined_master_scheme`]: undefined },
    [
      `warning ${rm}.determined_master_scheme: is missing: it then follows the master's own TLS, which is wrong behind a tunnel that terminates TLS`,
    ],
  ],
  [
    'old name',
    { [`${rm}.determined_master_host`]: undefined, [`${rm}.determined_master_ip`]: '10.0.0.9' },
    [`warning ${rm}.determined_master_ip: was renamed`],
  ],
  [
    'both names',
    { [`${rm}.determined_master_ip`]: '10.0.0.9' },
    [
      `error ${rm}.determined_master_host: conflicts with determined_master_ip: the master accepts only one of them`,
      `warning ${rm}.determined_master_ip: was renamed`,
    ],
  ],
  [
    'a Service instead',
    Object.fromEntries([
      ...['host', 'port', 'scheme'].map((key) => [`${rm}.determined_master_${key}`, undefined]),
      [`${rm}.master_service_name`, 'master'],
    ]),
    [],
  ],
  [
    'old name in an additional one',
    one({ [`${rm}.determined_master_host`]: undefined, [`${rm}.determined_master_ip`]: '10.0.0.9' }),
    [
      `error ${second}.${rm}.determined_master_ip: does not work for an additional resource manager`,
      `warning ${second}.${rm}.determined_master_ip: was renamed`,
    ],
  ],
];

test.each(addressRows)('address of the master: %s', (_, changes, problems) => {
  expect(judge(changes).toSorted()).toEqual([...problems].toSorted());
});
