import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { followOriginators } from '../../../src/tunnel/ssh/originators.ts';
import { serveTcp } from '../../support/tunnel/sockets.ts';

/** This process in the place of ssh: a connection of it to a relay, and the number of its descriptor. */
const connectAsSsh = async (port: number) => {
  const socket: Socket = connect({ port, host: '127.0.0.1' });
  onTestFinished(() => void socket.destroy());
  await new Promise((resolve) => socket.once('connect', resolve));
  const { fd } = (socket as unknown as { readonly _handle: { readonly fd: number } })._handle;
  return { fd, connection: { from: socket.localPort ?? 0, to: port } };
};

const announce = (address: string) =>
  `debug1: client_request_forwarded_tcpip: listen 0.0.0.0 port 8080, originator ${address} port 48320`;
const connected = (fd: number) =>
  `debug1: connect_next: connect host 127.0.0.1 ([127.0.0.1]:42721) in progress, fd=${fd}`;

describe.skipIf(process.platform !== 'linux')('who calls, by what ssh prints and the sockets that it has', () => {
  test('each connection has the originator of its descriptor, in whatever order they are asked for', async () => {
    const { port } = await serveTcp(() => undefined);
    const [one, other] = [await connectAsSsh(port), await connectAsSsh(port)];
    const { read, find } = followOriginators(() => process.pid);
    for (const line of [announce('203.0.113.1'), connected(one.fd), announce('2001:db8::2'), connected(other.fd)])
      read(line);
    expect(await find(other.connection)).toBe('2001:db8::2');
    expect(await find(one.connection)).toBe('203.0.113.1');
  });

  test('an originator whose descriptor is not known yet is waited for, not the last of that descriptor', async () => {
    const { port } = await serveTcp(() => undefined);
    const { fd, connection } = await connectAsSsh(port);
    const { read, find } = followOriginators(() => process.pid);
    for (const line of [announce('10.0.0.1'), connected(fd), announce('203.0.113.1')]) read(line);
    const found = find(connection);
    await pause(50);
    read(connected(fd));
    expect(await found).toBe('203.0.113.1');
  });

  test('a connection that is not one of ssh has none', async () => {
    const { port } = await serveTcp(() => undefined);
    const { connection } = await connectAsSsh(port);
    const { read, find } = followOriginators(() => 1, 100);
    for (const line of [announce('10.0.0.1'), connected(5)]) read(line);
    expect(await find(connection)).toBeUndefined();
  });
});
