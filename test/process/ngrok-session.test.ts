import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import type { TunnelStatus } from '../../src/model/tunnel-status.ts';
import { probePublicEnd } from '../../src/tunnel/relay/probe.ts';
import { startRelay } from '../../src/tunnel/relay/relay.ts';
import { superviseTunnel } from '../../src/tunnel/supervise/supervise.ts';
import { echo, type Scene, test, throughPublicEnd } from '../fakes/ngrok/scene.ts';
import { listening } from '../support/proof/local-path.ts';

const secret = 's3cret';
const ca = readFileSync(join(import.meta.dirname, '../fixtures/localhost-cert.pem'), 'utf8');

/** The tunnel as the daemon keeps it: relay, agent, and questions through the stand-in's public end. */
const keep = async (driver: ReturnType<Scene['driver']>) => {
  const local = await echo();
  const relay = await startRelay({ target: { host: '127.0.0.1', port: local.port }, secret });
  const over = new AbortController();
  let change = Promise.withResolvers<void>();
  const onState = () => {
    const last = change;
    change = Promise.withResolvers<void>();
    last.resolve();
  };
  const { failed, status } = superviseTunnel(driver, {
    ...{ localPort: relay.port, signal: over.signal, onAddressChange: () => undefined },
    onState,
    probe: (address, limits) => probePublicEnd(address, secret, { ...limits, ca }),
  });
  const dispose = async () => {
    over.abort(new Error('over'));
    await failed.catch(() => undefined);
    await relay.close();
    await local[Symbol.asyncDispose]();
  };
  return {
    status,
    [Symbol.asyncDispose]: dispose,
    /** Ends with the test's time if it never comes to that. */
    until: async (wanted: Partial<TunnelStatus>) => {
      const isSo = () => Object.entries(wanted).every(([key, value]) => status()[key as keyof TunnelStatus] === value);
      while (!isSo()) await change.promise;
    },
  };
};

const probes = (requests: readonly string[]) => requests.filter((one) => one.startsWith('GET /.taskgate/probe?'));

describe('an agent that is up, without questions through its public end', { concurrent: true }, () => {
  test.for([
    ['eof', /lost its session with ngrok: session closed, .*: read EOF from remote peer|failed to reconnect/],
    ['silence', /lost its session with ngrok: (heartbeat timeout|session closed|failed to reconnect)/],
  ] as const)('a session that ends by %s is seen at once, and proven when it is back', async ([cut, detail], {
    scene,
  }) => {
    await using tunnel = await keep(scene.driver({ STAND_IN_NGROK_CUT: cut }));
    await tunnel.until({ state: 'up' });
    expect(probes(await scene.requests())).toHaveLength(1);
    const { restarts } = tunnel.status();
    await scene.toggleSession();
    await tunnel.until({ state: 'degraded' });
    // by its log: its API is looked at only each 15 s, and still has the tunnel
    expect(tunnel.status().detail).toMatch(detail);
    expect(await throughPublicEnd(tunnel.status().address?.port ?? 0, 'x')).toContain('(ERR_NGROK_3200)');
    expect(probes(await scene.requests())).toHaveLength(1);
    await scene.toggleSession();
    await tunnel.until({ state: 'up' });
    expect(probes(await scene.requests())).toHaveLength(2);
    expect(tunnel.status().restarts).toBe(restarts);
  });

  test('one that no longer answers at its API', async ({ scene }) => {
    await using tunnel = await keep(scene.driver());
    await tunnel.until({ state: 'up' });
    await scene.signal('SIGSTOP');
    await tunnel.until({ state: 'degraded' });
    expect(tunnel.status().detail).toMatch(/^the agent no longer reports the tunnel: its API/);
    expect(probes(await scene.requests())).toHaveLength(1);
    await scene.signal('SIGCONT');
    await tunnel.until({ state: 'up' });
  });
});

describe("ngrok's own pages at the public end", { concurrent: true }, () => {
  test.for([
    ['727', 'tunnel.ngrok-quota', /used up its HTTP requests for this month.*ERR_NGROK_727/, /next month/],
    ['3208', 'tunnel.ngrok-account', /banned.*ERR_NGROK_3208/, /support@ngrok/],
  ] as const)('%s ends the tunnel after one question, with the way out', async ([page, errorId, detail, hint], {
    scene,
  }) => {
    await using tunnel = await keep(scene.driver({ STAND_IN_NGROK_PAGE: page }));
    await tunnel.until({ state: 'failed' });
    expect(tunnel.status()).toMatchObject({
      errorId,
      detail: expect.stringMatching(detail),
      hint: expect.stringMatching(hint),
    });
    expect(probes(await scene.requests())).toHaveLength(1);
  });

  test('734 passes within a minute: it is told, and neither asked about at once nor a reason to start again', async ({
    scene,
  }) => {
    await using tunnel = await keep(scene.driver({ STAND_IN_NGROK_PAGE: '734' }));
    await tunnel.until({ errorId: 'tunnel.ngrok-rate' });
    const told = { state: 'probing', hint: expect.stringMatching(/passes within a minute/) };
    expect(tunnel.status()).toMatchObject(told);
    expect(probes(await scene.requests())).toHaveLength(1);
  });

  test('the warning before a free endpoint is for browsers, not for tasks nor for the questions', async ({ scene }) => {
    await using tunnel = await keep(scene.driver());
    await tunnel.until({ state: 'up' });
    const { port = 0 } = tunnel.status().address ?? {};
    const browser = { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64)' };
    expect(await throughPublicEnd(port, 'api', browser)).toContain('(ERR_NGROK_6024)');
    expect(await throughPublicEnd(port, 'api', { 'user-agent': 'python-requests/2.32' })).toMatch(/^API https/);
  });
});

test('through a TCP address each question is a connection, and counted', async ({ scene }) => {
  const free = await listening(createServer());
  await free[Symbol.asyncDispose]();
  await using tunnel = await keep(scene.driver({}, { tcpAddress: `localhost:${free.port}` }));
  await tunnel.until({ state: 'up' });
  expect(await scene.requests()).toEqual(['TCP']);
});
