import { expect, test } from 'vitest';
import { judge } from '../../support/master/sample.ts';

const rm = 'resource_manager';
const gateway = `${rm}.internal_task_gateway`;

type Row = readonly [what: string, changes: Readonly<Record<string, unknown>>, problems: readonly string[]];

const gatewayRows: readonly Row[] = [
  ...['gateway.example', 'fd00::1', '10.0.0.1', 'Host-1'].map(
    (host): Row => [host, { [`${gateway}.gateway_ip`]: host }, []],
  ),
  ...(
    [
      ['http://10.0.0.1', 'is a URL, not a host'],
      ['10.0.0.1:80', 'has a port'],
      ['0.0.0.0', 'is an address to listen on, not to dial'],
      ['10.0.0', 'is not an IP address'],
      ['my_host', 'is neither an IP address nor a host name'],
      [' 10.0.0.1', 'is blank or has surrounding blanks'],
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
    'no block',
    { [gateway]: undefined },
    [`warning ${gateway}: is missing: tasks of this resource manager are not exposed`],
  ],
];

test.each(gatewayRows)('internal task gateway: %s', (_, changes, problems) => {
  expect(judge(changes).toSorted()).toEqual([...problems].toSorted());
});
