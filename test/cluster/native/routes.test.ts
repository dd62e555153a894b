import { describe, expect, test } from 'vitest';
import {
  findAhead,
  listPoliciesCommand,
  listRoutesCommand,
  overlappingRoutes,
  parseBlocks,
  parsePolicies,
  parseRoutes,
  readRouting,
  splitOverlaps,
} from '../../../src/cluster/native/routes.ts';
import { fakeRunner } from '../../fakes/runner.ts';

const cidr = '10.210.0.0/16';
const routesTo = (...destinations: readonly string[]) => destinations.map((dst) => ({ dst, table: 'main' }));

test("the host's routes, without those of the instance's own link", () => {
  const listed = [
    { dst: 'default', dev: 'eth0' },
    { dst: '10.210.0.0/16', dev: 'tg-1' },
    { type: 'throw', dst: '10.0.0.0/8', table: '52' },
    { dev: 'lo' },
  ];
  const others = [
    { dst: 'default', table: 'main', dev: 'eth0' },
    { dst: '10.0.0.0/8', table: '52', type: 'throw' },
  ];
  expect(parseRoutes(JSON.stringify(listed), 'tg-1')).toEqual(others);
  expect(parseRoutes(JSON.stringify(listed), 'tg-2')).toHaveLength(3);
});

test('what instances keep unreachable is no route of the host, and is listed apart; what others do is one', () => {
  const listed = JSON.stringify([
    { type: 'unreachable', dst: '10.210.0.0/16', protocol: '214', metric: 1_073_741_825, flags: [] },
    { type: 'unreachable', dst: '10.211.0.0/16', metric: 1_024, flags: [] },
    { dst: '10.212.0.0/16', protocol: '214', dev: 'eth0', metric: 1, flags: [] },
  ]);
  expect(parseRoutes(listed, '').map(({ dst }) => dst)).toEqual(['10.211.0.0/16', '10.212.0.0/16']);
  expect(parseBlocks(listed)).toEqual([{ cidr: '10.210.0.0/16', metric: 1_073_741_825 }]);
});

test.each([
  [['default', '192.0.2.0/24', '0.0.0.0/0'], []],
  // OpenVPN's redirect-gateway def1
  [['0.0.0.0/1', '128.0.0.0/1'], []],
  [['10.210.3.4'], ['10.210.3.4']],
  [['10.0.0.0/8'], ['10.0.0.0/8']],
  [
    ['0.0.0.0/2', '8.0.0.0/5'],
    ['0.0.0.0/2', '8.0.0.0/5'],
  ],
  [['10.211.0.0/16', '10.211.0.0', '10.209.255.255'], []],
  [
    ['10.210.0.0', '10.210.255.255'],
    ['10.210.0.0', '10.210.255.255'],
  ],
  [['10.208.0.0/13', 'unreachable'], ['10.208.0.0/13']],
])('10.210.0.0/16 beside the routes %j overlaps %j', (routes, expected) => {
  expect(overlappingRoutes(cidr, { routes: routesTo(...routes) }).map(({ dst }) => dst)).toEqual(expected);
});

test('a broader route and one within are told apart; those of tables that are asked later count as neither', () => {
  const routes = [...routesTo('10.0.0.0/8', '10.210.0.0/16', '10.210.7.0/24'), { dst: '10.210.8.0/24', table: '77' }];
  const { broader, within } = splitOverlaps(cidr, { routes });
  expect(broader.map(({ dst }) => dst)).toEqual(['10.0.0.0/8']);
  expect(within.map(({ dst }) => dst)).toEqual(['10.210.0.0/16', '10.210.7.0/24']);
});

const usual = [
  { priority: 0, src: 'all', table: 'local' },
  { priority: 32766, src: 'all', table: 'main' },
  { priority: 32767, src: 'all', table: 'default' },
];

type Case = {
  readonly title: string;
  readonly rules: readonly object[];
  readonly routes?: readonly { readonly dst: string; readonly table: string; readonly type?: string }[];
  readonly ahead?: string;
};

const toTunnel = (table: string) => [{ dst: 'default', table }];

describe('what comes before the main table', () => {
  test.each<Case>([
    { title: 'no rules but the usual ones', rules: [] },
    {
      title: 'a VPN whose table has only its own networks (Tailscale)',
      rules: [
        { priority: 5210, src: 'all', fwmark: '0x80000', fwmask: '0xff0000', table: 'main' },
        { priority: 5270, src: 'all', table: '52' },
      ],
      routes: [{ dst: '100.100.100.100', table: '52' }],
    },
    {
      title: 'a VPN whose table has a default route (an exit node)',
      rules: [{ priority: 5270, src: 'all', table: '52' }],
      routes: toTunnel('52'),
      ahead: 'rule 5270 to table 52 (default)',
    },
    {
      title: 'the same, with what throws the network back',
      rules: [{ priority: 5270, src: 'all', table: '52' }],
      routes: [...toTunnel('52'), { dst: '10.0.0.0/8', table: '52', type: 'throw' }],
    },
    {
      title: 'the same, with a rule of the user before it',
      rules: [
        { priority: 100, src: 'all', dst: '10.210.0.0', dstlen: 16, table: 'main' },
        { priority: 5270, src: 'all', table: '52' },
      ],
      routes: toTunnel('52'),
    },
    {
      title: "WireGuard's wg-quick: longer routes of the main table first, then the tunnel",
      rules: [
        { priority: 32764, src: 'all', table: 'main', suppress_prefixlen: 0 },
        { priority: 32765, not: null, src: 'all', fwmark: '0xca6c', table: '51820' },
      ],
      routes: toTunnel('51820'),
    },
    {
      title: 'a tunnel for all that is not marked, before the main table',
      rules: [{ priority: 100, not: null, src: 'all', fwmark: '0xca6c', table: '51820' }],
      routes: toTunnel('51820'),
      ahead: 'rule 100 to table 51820 (default)',
    },
    {
      title: 'rules for other sources, devices, users, ports and destinations',
      rules: [
        { priority: 10, src: '192.0.2.1', table: '7' },
        { priority: 11, src: 'all', iif: 'wg0', table: '7' },
        { priority: 12, src: 'all', uid_start: 0, uid_end: 99, table: '7' },
        { priority: 13, src: 'all', dport: 53, table: '7' },
        { priority: 14, src: 'all', dst: '172.16.0.0', dstlen: 12, table: '7' },
        { priority: 15, not: null, src: 'all', dst: '10.0.0.0', dstlen: 8, table: '7' },
      ],
      routes: toTunnel('7'),
    },
    {
      title: 'a tunnel for all but one network',
      rules: [{ priority: 15, not: null, src: 'all', dst: '192.168.0.0', dstlen: 16, table: '7' }],
      routes: toTunnel('7'),
      ahead: 'rule 15 to table 7 (default)',
    },
    {
      title: 'rules for what is bound to a device (VPN scripts), for devices of a VRF, and of a newer kernel',
      rules: [
        { priority: 10, src: 'all', oif: 'wg0', oif_detached: null, table: '7' },
        { priority: 11, src: 'all', iif: 'lo', oif: 'wg0', table: '7' },
        { priority: 12, src: 'all', l3mdev: null },
        { priority: 13, src: 'all', tun_id: 4, table: '7' },
        { priority: 14, src: 'all', table: '7', suppress_ifgroup: '4' },
        { priority: 15, src: 'all', table: '7', invented: 1 },
        { priority: 16, not: null, src: 'all', iif: 'lo', table: '7' },
        { priority: 17, src: 'all', nop: null },
      ],
      routes: toTunnel('7'),
    },
    {
      title: 'a rule for what this host itself sends',
      rules: [{ priority: 11, src: 'all', iif: 'lo', table: '7' }],
      routes: toTunnel('7'),
      ahead: 'rule 11 to table 7 (default)',
    },
    {
      title: 'a tunnel that is passed over',
      rules: [
        { priority: 12, src: 'all', goto: 200 },
        { priority: 13, src: 'all', table: '7' },
      ],
      routes: toTunnel('7'),
    },
    {
      title: 'a tunnel that is passed over by other sources, or by nothing since the target is gone',
      rules: [
        { priority: 11, src: '192.0.2.1', goto: 200 },
        { priority: 12, src: 'all', goto: 200, unresolved: null },
        { priority: 13, src: 'all', table: '7' },
      ],
      routes: toTunnel('7'),
      ahead: 'rule 13 to table 7 (default)',
    },
    {
      title: 'a kill switch',
      rules: [{ priority: 99, src: 'all', action: 'unreachable' }],
      ahead: 'rule 99 (unreachable)',
    },
  ])('$title', ({ rules, routes = [], ahead }) => {
    const policies = parsePolicies(JSON.stringify([...usual, ...rules]));
    expect(findAhead(cidr, { routes, policies })).toBe(ahead);
  });
});

test("an ip without JSON, such as busybox's, is named, and no bug", async () => {
  const { runner } = fakeRunner({
    [listRoutesCommand.join(' ')]: { exitCode: 1, stderr: "ip: unrecognized option '-json'" },
    [listPoliciesCommand.join(' ')]: '[]',
  });
  await expect(readRouting(runner, 'tg-1')).rejects.toMatchObject({
    id: 'environment.machine',
    message: expect.stringContaining("unrecognized option '-json'"),
    hint: expect.stringContaining('iproute2'),
  });
});
