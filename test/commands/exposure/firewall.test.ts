import { describe, expect, test } from 'vitest';
import { type Fenced, iptablesRules, nftRules } from '../../../src/commands/exposure/firewall.ts';

const fenced: Fenced = {
  ...{ instance: 'dev', place: 'host', link: 'tg-1a2b3c4d' },
  ...{ hostAddress: '10.210.255.1', nodeAddress: '10.210.255.2' },
  portRange: { start: 20000, end: 20199 },
  allowFrom: ['10.210.255.1/32', '192.168.0.0/16'],
};
const elsewhere: Fenced = { ...fenced, place: 'node', nodeAddress: '192.0.2.7', allowFrom: ['203.0.113.0/24'] };

// that these rules do what they say is proven in test/process/firewall.test.ts
describe('behind a link of this host', () => {
  test('nft drops what neighbours send to the host’s end of the link, and to the node', () => {
    const rules = nftRules(fenced);
    expect(rules).toContain('table inet taskgate-dev {');
    expect(rules).toContain('iifname != { "lo", "tg-1a2b3c4d" } ip daddr 10.210.255.1 drop');
    expect(rules).toContain(
      'iifname != "tg-1a2b3c4d" oifname "tg-1a2b3c4d" ip saddr != { 10.210.255.1/32, 192.168.0.0/16 } drop',
    );
  });

  test('iptables lets allowed ranges through before it drops', () => {
    const rules = iptablesRules(fenced).split('\n');
    expect(rules).toContain('iptables -w -I INPUT ! -i tg-1a2b3c4d -d 10.210.255.1 -j DROP');
    const added = rules.filter((rule) => rule.includes('-A TG-dev'));
    expect(added.map((rule) => rule.split('-A TG-dev ')[1])).toEqual([
      '-m conntrack --ctstate ESTABLISHED,RELATED -j RETURN',
      '-s 10.210.255.1/32 -j RETURN',
      '-s 192.168.0.0/16 -j RETURN',
      '-j DROP',
    ]);
  });

  test('a chain’s name fits, however long that of the instance is', () => {
    const [, chain = ''] = /-N (\S+)/.exec(iptablesRules({ ...fenced, instance: 'a'.repeat(40) })) ?? [];
    expect(chain.length).toBeLessThanOrEqual(28);
    expect(chain).toMatch(/^TG-a+$/);
  });

  test('with nobody allowed, everything forwarded is dropped', () =>
    expect(nftRules({ ...fenced, allowFrom: [] })).toContain('iifname != "tg-1a2b3c4d" oifname "tg-1a2b3c4d" drop'));
});

describe('on the nodes of a cluster that is elsewhere', () => {
  test('task ports are limited before kube-proxy rewrites their address', () => {
    expect(nftRules(elsewhere)).toContain('type filter hook prerouting priority raw');
    expect(nftRules(elsewhere)).toContain(
      'ip daddr 192.0.2.7 tcp dport 20000-20199 ip saddr != { 203.0.113.0/24 } drop',
    );
    expect(iptablesRules(elsewhere)).toContain(
      'iptables -w -t raw -I PREROUTING -d 192.0.2.7 -p tcp --dport 20000:20199 -j TG-dev',
    );
  });
});
