import { expect, test } from 'vitest';
import { proveRefused } from '../../../src/tunnel/relay/refused.ts';
import { freePort, serveTcp } from '../../support/tunnel/sockets.ts';

const at = (port: number) => ({ scheme: 'http' as const, host: '127.0.0.1', port });
const allowFrom = ['10.0.0.0/8'];
const caller = '127.0.0.1';

test('a call that gets no byte is refused', async () => {
  const { port } = await serveTcp((socket) => socket.once('data', () => socket.resetAndDestroy()));
  expect(await proveRefused({ address: at(port), allowFrom, caller })).toEqual({
    outcome: 'closed',
    evidence: `127.0.0.1:${port} was called from 127.0.0.1: reset without a byte`,
    latencyMs: expect.any(Number),
  });
  const closing = await serveTcp((socket) => socket.end());
  expect(await proveRefused({ address: at(closing.port), allowFrom, caller })).toMatchObject({ outcome: 'closed' });
});

test('an answer, or a connection that is kept, is not', async () => {
  const answering = await serveTcp((socket) => socket.end('{}'));
  expect(await proveRefused({ address: at(answering.port), allowFrom, caller })).toMatchObject({
    outcome: 'open',
    evidence: `127.0.0.1:${answering.port} was called from 127.0.0.1: an answer`,
    finding: { cause: expect.stringContaining('127.0.0.1 is not in tunnel.allowFrom (10.0.0.0/8)') },
  });
  const silent = await serveTcp(() => undefined);
  expect(await proveRefused({ address: at(silent.port), allowFrom, caller, timeoutMs: 50 })).toMatchObject({
    outcome: 'open',
  });
});

test('nothing is proven by who may call, or by an end that is not reached', async () => {
  const address = at(await freePort());
  expect(await proveRefused({ address, allowFrom: ['127.0.0.0/8'], caller })).toEqual({
    outcome: 'untried',
    because: 'this host, 127.0.0.1, is allowed to call',
  });
  expect(await proveRefused({ address, allowFrom, caller })).toMatchObject({
    outcome: 'untried',
    because: expect.stringMatching(/^no connection to 127\.0\.0\.1:\d+ from here: refused$/),
  });
});
