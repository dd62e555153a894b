import { fstatSync } from 'node:fs';
import { expect, test } from 'vitest';
import { findSocketInode, listTcpSockets, parseTcpSockets } from '../../../src/lib/process/sockets.ts';
import { dial, serveTcp } from '../../support/tunnel/sockets.ts';

const text = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:4E20 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1001        0 11 1 0000000000000000 100 0 0 10 0
   1: 0100007F:C350 0100007F:4E20 01 00000000:00000000 00:00000000 00000000     0        0 22 1 0000000000000000 20 4 30 10 -1
`;

test('reads the rows of /proc/net/tcp', () => {
  expect(parseTcpSockets(text)).toEqual([
    { address: '0100007F', port: 20000, peerPort: 0, isListening: true, uid: 1001, inode: 11 },
    { address: '0100007F', port: 50000, peerPort: 20000, isListening: false, uid: 0, inode: 22 },
  ]);
  expect(parseTcpSockets('')).toEqual([]);
});

test.each([
  ['a port that is cut', text.replace('0100007F:4E20 00000000', '0100007F:4E2 00000000')],
  ['no port', text.replace('0100007F:4E20 00000000', '0100007F 00000000')],
  ['a peer without a port', text.replace('00000000:0000 0A', '00000000 0A')],
  ['no inode', text.replace('1001        0 11 ', '1001        0 x ')],
])('a row with %s is left out, the others stay', (_, damaged) => {
  expect(damaged).not.toBe(text);
  expect(parseTcpSockets(damaged).map(({ port }) => port)).toEqual([50_000]);
});

test.skipIf(process.platform !== 'linux')('finds the two ends of a connection of this process', async () => {
  const { port } = await serveTcp(() => undefined);
  const client = dial(port);
  await new Promise((resolve) => client.once('connect', resolve));
  const sockets = await listTcpSockets();
  const own = sockets.find((one) => one.port === client.localPort && one.peerPort === port);
  expect(own).toMatchObject({ address: '0100007F', uid: process.getuid?.(), isListening: false });
  expect(sockets.find((one) => one.port === port && one.isListening)).toBeDefined();
  const { fd } = (client as unknown as { readonly _handle: { readonly fd: number } })._handle;
  expect(fstatSync(fd).ino).toBe(own?.inode);
  expect(await findSocketInode(process.pid, fd)).toBe(own?.inode);
});

test('what is no socket has none', async () => {
  expect(await findSocketInode(process.pid, 1_000_000)).toBeUndefined();
});
