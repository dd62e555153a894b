import { expect, test } from 'vitest';
import { findReverse } from '../../../src/proof/diagnosis/reverse-findings.ts';
import { masterAt } from '../../support/proof/local-path.ts';

const master = masterAt(8080, '10.98.0.1');
const real = { kind: 'master', version: '0.38.1', clusterId: 'c1' } as const;
test.each([
  ['refused', real, 'nothing listens on 10.98.0.1:8080 for pods, although a master listens for this host', '0.0.0.0'],
  ['refused', { kind: 'none' }, 'nothing listens on 10.98.0.1:8080 for pods', '0.0.0.0'],
  [
    'timeout',
    real,
    'packets from pods to 10.98.0.1:8080 are lost: a firewall on this host, or no route',
    'allow TCP port 8080 from the pod network to this host (ufw',
  ],
  ['unreachable', real, 'pods have no route to 10.98.0.1:8080', 'tunnel'],
  ['unresolved', real, 'pods cannot resolve 10.98.0.1', 'DNS'],
  ['untrusted', real, 'pods do not trust the certificate at 10.98.0.1:8080', 'CA'],
  ['closed', real, '10.98.0.1:8080 accepts connections from pods and closes them', 'tunnel'],
  ['silent', real, '10.98.0.1:8080 accepts connections and sends nothing', 'other end'],
  ['wrong', real, 'something other than the master answers at 10.98.0.1:8080: what was seen', 'what else uses'],
  ['unasked', real, 'the sample pod could not be told to dial: what was seen', 'forward hops'],
  [
    'refused',
    { kind: 'loopback-only', seen: 'master 0.38.1 on 127.0.0.1' },
    'the master listens on loopback only (master 0.38.1 on 127.0.0.1, port 8080); pods dial 10.98.0.1:8080',
    'make it listen on 0.0.0.0 or 10.98.0.1',
  ],
  [
    'refused',
    { kind: 'foreign', seen: 'GET /info gave hello' },
    'the program on port 8080 of this host is not a Determined master: GET /info gave hello',
    'another master port',
  ],
] as const)('%s with %j', (outcome, found, cause, hint) => {
  expect(findReverse(outcome, { seen: 'what was seen', master, found, localPort: 8080 })).toEqual({
    cause,
    hint: expect.stringContaining(hint),
  });
});

test('behind a tunnel a finding about this host names the port of this host, not the one that tasks dial', () => {
  const found = { kind: 'foreign', seen: 'GET /info gave hello' } as const;
  const through = { ...masterAt(44_807, 'tunnel.example'), via: 'ssh' } as const;
  expect(findReverse('refused', { seen: '', master: through, found, localPort: 8080 }).cause).toBe(
    'the program on port 8080 of this host is not a Determined master: GET /info gave hello',
  );
  const real = { kind: 'master', version: '0.38.1', clusterId: 'c1' } as const;
  expect(findReverse('timeout', { seen: '', master: through, found: real, localPort: 8080 })).toEqual({
    cause: 'packets from pods to tunnel.example:44807 are lost: a firewall in between, or no route',
    hint: expect.stringContaining('allow TCP port 44807 from the pod network to tunnel.example:44807'),
  });
});

const allows =
  /ufw allow in on tg-1a2b3c4d to any port 8080 proto tcp.*firewall-cmd --zone=trusted --add-interface=tg-1a2b3c4d.*nft/;

test.each([
  // REJECT of ufw and iptables, by a reset or by an ICMP message; of firewalld
  ['refused', { kind: 'none' }, 'connection refused', 'taskgate itself listens there'],
  ['refused', real, 'connection refused', 'the master listens there'],
  ['unreachable', real, 'connect: no route to host', 'the master listens there'],
] as const)('%s on the link to a node of this host, with %j: a firewall that rejects', (outcome, found, seen, listens) => {
  const finding = findReverse(outcome, { seen, master, found, localPort: 8080 }, () => 'tg-1a2b3c4d');
  expect(finding).toEqual({
    cause: `a firewall on this host rejects connections from pods to 10.98.0.1:8080: ${listens}`,
    hint: expect.stringMatching(allows),
  });
});

test('one that drops gets the same hint, with the link', () => {
  const finding = findReverse('timeout', { seen: '', master, found: real, localPort: 8080 }, () => 'tg-1a2b3c4d');
  expect(finding.cause).toContain('are lost: a firewall on this host');
  expect(finding.hint).toMatch(allows);
});

test('a network that is unreachable lacks a route, also on a link of this host', () => {
  const seen = 'connect: network is unreachable';
  const finding = findReverse('unreachable', { seen, master, found: real, localPort: 8080 }, () => 'tg-1a2b3c4d');
  expect(finding.cause).toBe('pods have no route to 10.98.0.1:8080');
});

test('the end of a tunnel that refuses is no matter of this host, not even on a link to a node', () => {
  const through = { ...masterAt(44_807, '10.98.0.1'), via: 'ssh' } as const;
  for (const linkTo of [() => undefined, () => 'tg-1a2b3c4d']) {
    expect(findReverse('refused', { seen: '', master: through, found: real, localPort: 8080 }, linkTo)).toEqual({
      cause: 'ssh end 10.98.0.1:44807 refuses connections',
      hint: 'is the tunnel up, and bound to a public address?',
    });
    expect(findReverse('timeout', { seen: '', master: through, found: real, localPort: 8080 }, linkTo).hint).toContain(
      'allow TCP port 44807 from the pod network to 10.98.0.1:44807',
    );
  }
});
