import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { type Dialed, judgeReach, probeReach } from '../../src/forward/reach.ts';
import { freePort, listening } from '../support/proof/local-path.ts';

test.each<[readonly Dialed[], object]>([
  [
    [
      { port: 8443, outcome: 'refused' },
      { port: 10250, outcome: 'connected' },
    ],
    { via: 'node', because: 'the node 10.0.0.1 accepts connections on port 10250' },
  ],
  [
    [
      { port: 8443, outcome: 'silent' },
      { port: 10250, outcome: 'refused' },
    ],
    { via: 'forward', because: 'this host does not reach the node 10.0.0.1 (port 8443 silent, 10250 refused)' },
  ],
])('judges what the ports did: %j', (dialed, reach) => {
  expect(judgeReach('10.0.0.1', dialed)).toEqual(reach);
});

test('published ports stand in for a node that is not reached, and for no other', () => {
  const dial = (outcome: Dialed['outcome']) => judgeReach('10.0.0.1', [{ port: 8443, outcome }], true);
  expect(dial('connected')).toMatchObject({ via: 'node' });
  expect(dial('silent')).toEqual({
    via: 'published',
    because: 'this host does not reach the node 10.0.0.1 (port 8443 silent)',
  });
});

test('a port that is open', async () => {
  await using server = await listening(createServer());
  expect(await probeReach('127.0.0.1', [server.port], { timeoutMs: 1_000, isPublished: true })).toMatchObject({
    via: 'node',
  });
});

test('a port that refuses', async () => {
  const port = await freePort();
  const because = `this host does not reach the node 127.0.0.1 (port ${port} refused)`;
  expect(await probeReach('127.0.0.1', [port], { timeoutMs: 1_000, isPublished: false })).toEqual({
    via: 'forward',
    because,
  });
});

test('an address that leads nowhere is given up in time', async () => {
  const startMs = performance.now();
  const { via } = await probeReach('192.0.2.1', [10250, 8443], { timeoutMs: 300, isPublished: false }); // TEST-NET-1: nobody answers there
  expect(via).toBe('forward');
  expect(performance.now() - startMs).toBeLessThan(2_000);
});
