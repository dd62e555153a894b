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
