import { describe, expect, test } from 'vitest';
import { chooseNetwork, findRouteTrouble, networkOf } from '../../../src/cluster/native/network.ts';
import { parsePolicies } from '../../../src/cluster/native/routes.ts';

test('divides a /16 into pods, services and the link', () => {
  expect(networkOf('10.210.0.0/16')).toEqual({
    cidr: '10.210.0.0/16',
    podCidr: '10.210.0.0/17',
    serviceCidr: '10.210.128.0/18',
    hostAddress: '10.210.255.1',
    nodeAddress: '10.210.255.2',
  });
});

test.each(['10.210.0.0/24', '10.210.1.0/16', 'dev', ''])('refuses %j', (cidr) => {
  expect(() => networkOf(cidr)).toThrow(`network.cidr: ${cidr} is not a /16`);
});

const usual = parsePolicies(
  '[{"priority":0,"src":"all","table":"local"},{"priority":32766,"src":"all","table":"main"}]',
);
const routing = (...destinations: readonly string[]) => ({
  routes: destinations.map((dst) => ({ dst, table: 'main', dev: 'tun0' })),
  policies: usual,
});
/** Everything goes through a table of a VPN before the main one is asked. */
const exitNode = {
  routes: [{ dst: 'default', table: '52', dev: 'tailscale0' }],
  policies: parsePolicies('[{"priority":5270,"src":"all","table":"52"},{"priority":32766,"src":"all","table":"main"}]'),
};
const withRule = (cidr: string) => {
  const [dst] = cidr.split('/');
  const rule = { priority: 100, src: 'all', dst, dstlen: 16, table: 'main' };
  return { ...exitNode, policies: [...parsePolicies(JSON.stringify([rule])), ...exitNode.policies] };
};

const halves = ['0.0.0.0/1', '128.0.0.0/1'];
const office = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'];

describe('chooseNetwork', () => {
  test('a network that an instance which is gone keeps unreachable is the last choice, unless it is named', () => {
    const blocks = [{ cidr: '10.210.0.0/16', metric: 1 }];
    expect(chooseNetwork(undefined, { ...routing('default'), blocks }).cidr).toBe('10.211.0.0/16');
    expect(chooseNetwork('10.210.0.0/16', { ...routing('default'), blocks }).cidr).toBe('10.210.0.0/16');
    const all = Array.from({ length: 255 }, (_, index) => `10.${index}.0.0/16`);
    const others = all.filter((cidr) => cidr !== '10.210.0.0/16');
    const full = routing('default', ...others, '172.16.0.0/12', '198.18.0.0/15');
    expect(chooseNetwork(undefined, { ...full, blocks }).cidr).toBe('10.210.0.0/16');
  });

  test.each([
    ['no VPN', ['default', '192.168.1.0/24'], '10.210.0.0/16'],
    ['others in use', ['10.210.0.0/16', '10.211.4.0/24'], '10.212.0.0/16'],
    ['a VPN that halves the default route', ['default', ...halves], '10.210.0.0/16'],
    ['a VPN that routes all of 10.0.0.0/8', ['10.0.0.0/8'], '172.20.0.0/16'],
    ['a VPN that routes every private range', office, '198.18.0.0/16'],
    ['both', [...halves, ...office], '198.18.0.0/16'],
  ])('%s: takes the first free candidate', (_, routes, cidr) => {
    expect(chooseNetwork(undefined, routing(...routes))).toEqual({ cidr, warnings: [] });
  });

  test('takes the wanted one', () => {
    expect(chooseNetwork('10.9.0.0/16', routing('default', ...halves))).toEqual({ cidr: '10.9.0.0/16', warnings: [] });
  });

  test.each([
    '10.231.0.0/16',
    '172.29.0.0/16',
  ])('a wanted one wins over a broader route, with a warning: %s', (cidr) => {
    const { warnings, ...chosen } = chooseNetwork(cidr, routing(...halves, ...office));
    expect(chosen).toEqual({ cidr });
    expect(warnings).toEqual([
      expect.stringMatching(
        /^network 1.*\/16 lies inside 1(0\.0\.0\.0\/8|72\.16\.0\.0\/12) dev tun0: while the instance is up/,
      ),
      expect.stringMatching(/lies inside .* dev tun0: while no node is there, what a master sends .* goes that way$/),
    ]);
  });

  test.each([
    // something else is there
    ['10.9.0.0/16', routing('10.9.8.0/24'), 'leave --network-cidr out to use a free one'],
    ['10.9.0.0/16', routing('10.9.0.0/16'), 'leave --network-cidr out to use a free one'],
    ['10.9.0.0/16', routing('10.9.8.0/24', ...office, '198.18.0.0/15'), '--network-cidr 10.210.0.0/16'],
  ])('refuses a wanted one that is routed, naming the route: %s', (wanted, given, hint) => {
    expect(() => chooseNetwork(wanted, given)).toThrow(
      expect.objectContaining({
        id: 'environment.subnet-taken',
        message: expect.stringMatching(
          /^network\.cidr: 10\.9\.0\.0\/16 overlaps 10\.9\..* dev tun0, which this host already routes$/,
        ),
        hint: expect.stringContaining(hint),
      }),
    );
  });

  test('where nothing is free, the hint names a network that is taken when it is named', () => {
    const given = routing('10.210.7.0/24', ...office, '198.18.0.0/15');
    expect(() => chooseNetwork(undefined, given)).toThrow(
      expect.objectContaining({
        message: 'no free network: all candidates from 10.210.0.0/16 to 198.19.0.0/16 overlap routes of this host',
        hint: 'name a network, whose route wins over broader ones: --network-cidr 10.211.0.0/16',
      }),
    );
    expect(chooseNetwork('10.211.0.0/16', given).cidr).toBe('10.211.0.0/16');
  });

  test('a VPN that is asked before the main table refuses all, and the rule of the hint lets one through', () => {
    const hint =
      'let the main table decide about one: ip rule add to 10.210.0.0/16 lookup main priority 100; then name it: --network-cidr 10.210.0.0/16';
    expect(() => chooseNetwork(undefined, exitNode)).toThrow(
      expect.objectContaining({
        message:
          'no free network: this host asks its routing rule 5270 to table 52 (default dev tailscale0) before its own routes',
        hint,
      }),
    );
    expect(() => chooseNetwork('10.210.0.0/16', exitNode)).toThrow(expect.objectContaining({ hint }));
    expect(chooseNetwork('10.210.0.0/16', withRule('10.210.0.0/16'))).toEqual({ cidr: '10.210.0.0/16', warnings: [] });
  });
});

test.each([
  ['nothing changed', routing('default', '10.0.0.0/8'), undefined],
  ['a VPN came up with a route inside', routing('10.210.4.0/22'), /by now asks 10\.210\.4\.0\/22 dev tun0 first/],
  ['a VPN came up that is asked first', exitNode, /by now asks rule 5270 to table 52/],
])('the network of an instance that is there: %s', (_, given, trouble) => {
  const found = findRouteTrouble('10.210.0.0/16', given);
  if (trouble) expect(found).toMatch(trouble);
  else expect(found).toBeUndefined();
});
