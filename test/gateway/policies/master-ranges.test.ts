import { expect, test } from 'vitest';
import { masterRanges, type Resolve } from '../../../src/gateway/policies/master-ranges.ts';
import type { MasterEndpoint } from '../../../src/model/master-endpoint.ts';

const at = (host: string, via: MasterEndpoint['via'] = 'direct'): MasterEndpoint => ({
  ...{ scheme: 'http', host, port: 8080, via },
});
const resolving =
  (...addresses: readonly string[]): Resolve =>
  async () =>
    addresses;
const nowhere: Resolve = () => Promise.reject(new Error('ENOTFOUND'));

test.each([
  ['10.210.255.1', ['10.210.255.1/32']],
  ['fd00::1', ['fd00::1/128']],
])('the address %s is a range of one, and is not resolved', async (host, ranges) =>
  expect(await masterRanges(at(host), nowhere)).toEqual({ ranges }));

test('a name is all its addresses of now, and the user knows', async () => {
  const { ranges, note } = await masterRanges(at('jump.example', 'ssh'), resolving('198.51.100.7', '192.0.2.7'));
  expect(ranges).toEqual(['192.0.2.7/32', '198.51.100.7/32']);
  expect(note).toBe(
    'network policies name jump.example by its addresses of now (192.0.2.7, 198.51.100.7): run up again after they change',
  );
});

test.each([
  ['the edges of ngrok', at('a.ngrok.example', 'ngrok'), resolving('192.0.2.7'), 'the addresses of ngrok change'],
  [
    'a name that nobody knows here',
    at('m.svc'),
    nowhere,
    'this machine resolves m.svc to nothing that pods could dial',
  ],
  ['a name of this machine alone', at('me'), resolving('127.0.1.1'), 'resolves me to nothing that pods could dial'],
  ['the same, by IPv6', at('me'), resolving('::1'), 'resolves me to nothing that pods could dial'],
  [
    'a name of this machine, too',
    at('me'),
    resolving('192.0.2.7', '127.0.1.1'),
    'resolves me to nothing that pods could',
  ],
  ['a name without an address', at('me'), resolving(), 'resolves me to nothing that pods could dial'],
])('%s: only the port is limited, and the user knows', async (_, master, resolve, why) => {
  const { ranges, note } = await masterRanges(master, resolve);
  expect(ranges).toBeUndefined();
  expect(note).toContain('network policies let tasks dial port 8080 at every address');
  expect(note).toContain(why);
});

test('a name is looked up on this machine unless another resolver is given', async () => {
  const { ranges, note } = await masterRanges(at('localhost'));
  expect(ranges).toBeUndefined();
  expect(note).toContain('this machine resolves localhost to nothing that pods could dial');
});
