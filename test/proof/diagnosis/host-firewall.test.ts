import type { NetworkInterfaceInfo } from 'node:os';
import { expect, test } from 'vitest';
import { allowInHint, allowOutHint, findLinkTo } from '../../../src/proof/diagnosis/host-firewall.ts';

const at = (cidr: string): readonly NetworkInterfaceInfo[] => [
  { address: cidr.split('/')[0] ?? '', cidr, netmask: '', mac: '', family: 'IPv4', internal: false },
];
const interfaces = {
  eth0: at('192.168.1.5/24'),
  'tg-1a2b3c4d': at('10.210.255.1/24'),
  'br-0123456789ab': at('192.168.49.1/24'),
};

test.each([
  ['10.210.255.1', 'tg-1a2b3c4d'],
  ['10.210.255.2', 'tg-1a2b3c4d'],
  ['192.168.49.2', 'br-0123456789ab'],
  // a network of others: routers and machines in between
  ['192.168.1.5', undefined],
  ['192.168.1.77', undefined],
  ['10.211.255.1', undefined],
  ['tunnel.example', undefined],
])('the link to %s is %s', (address, link) => expect(findLinkTo(address, interfaces)).toBe(link));

test('a link may have several addresses, or none', () => {
  const several = {
    docker0: undefined,
    virbr0: [],
    podman0: [...at('10.88.0.1/16'), ...at('192.168.77.1/24')],
    'tg-1': [{ ...at('10.9.0.1/24')[0], cidr: null } as unknown as NetworkInterfaceInfo],
  };
  expect(findLinkTo('10.88.3.4', several)).toBe('podman0');
  expect(findLinkTo('192.168.77.9', several)).toBe('podman0');
  expect(findLinkTo('10.9.0.1', several)).toBeUndefined();
});

test.each([
  ['tg-0f', true],
  ['br-0f', true],
  ['docker12', true],
  ['podman1', true],
  ['virbr10', true],
  ['tg-xyz', false],
  ['xtg-0f', false],
  ['br-lan', false],
  ['docker', false],
  ['docker0a', false],
  ['virbr0-nic', false],
])('%s is a link to a node: %s', (link, isLink) => {
  expect(findLinkTo('10.9.0.2', { [link]: at('10.9.0.1/24') })).toBe(isLink ? link : undefined);
});

test('the hints name the link, for ufw, firewalld, iptables and nft', () => {
  expect(allowInHint('tg-1', 8080)).toBe(
    'allow the link: ufw allow in on tg-1 to any port 8080 proto tcp; or firewall-cmd --zone=trusted --add-interface=tg-1; or iptables -I INPUT -i tg-1 -p tcp --dport 8080 -j ACCEPT; or in your nft input chain: iifname "tg-1" tcp dport 8080 accept',
  );
  expect(allowOutHint('tg-1')).toMatch(/^allow the link: ufw allow out on tg-1; or iptables .* oifname "tg-1" accept$/);
});
