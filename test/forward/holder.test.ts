import { expect, test } from 'vitest';
import { findHolders, findStranger } from '../../src/forward/holder.ts';
import { serveTcp } from '../support/tunnel/sockets.ts';

const listening = (address: string, uid: number, port = 20000) => ({
  ...{ address, uid, port, peerPort: 0, inode: 1, isListening: true },
});

test.each([
  ['the same address', '0100007F', [1001]],
  ['another address', '0200007F', []],
  ['every IPv4 address', '00000000', [1001]],
  ['every address', '00000000000000000000000000000000', [1001]],
  ['the same address in IPv6 form', '0000000000000000FFFF00000100007F', [1001]],
  ['the IPv6 loopback address', '00000000000000000000000001000000', []],
])('who listens on %s holds the port of 127.0.0.1 or not', (_, address, expected) => {
  expect(findHolders([listening(address, 1001)], '127.0.0.1', 20000)).toEqual(expected);
});

test('only listeners of that port count; on every address any of them does', () => {
  const sockets = [listening('0100007F', 1, 20001), { ...listening('0100007F', 2), isListening: false }];
  expect(findHolders(sockets, '127.0.0.1', 20000)).toEqual([]);
  expect(findHolders([listening('0200007F', 3)], '0.0.0.0', 20000)).toEqual([3]);
});

test.skipIf(process.platform !== 'linux')('this user is no stranger; another one is named', async () => {
  const { port } = await serveTcp(() => undefined);
  expect(await findStranger('127.0.0.1', port)).toBeUndefined();
  const uid = process.getuid?.() ?? 0;
  expect(await findStranger('127.0.0.1', port, uid + 1)).toMatch(new RegExp(`^uid ${uid}( \\(\\S+\\))?$`));
});
