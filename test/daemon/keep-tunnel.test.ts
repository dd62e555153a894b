import { expect, onTestFinished, test } from 'vitest';
import { type KeepTunnelInput, keepTunnel } from '../../src/daemon/keep-tunnel.ts';
import type { TunnelSpec } from '../../src/instance/tunnels.ts';
import { UserError } from '../../src/lib/errors.ts';
import type { OpenInput, TunnelDriver } from '../../src/tunnel/tunnel.ts';
import { exchange, freePort, serveTcp } from '../support/tunnel/sockets.ts';

/** A tunnel whose public end is its local one. */
const shortCircuit = (asked: OpenInput[] = []): TunnelDriver => ({
  kind: 'ssh',
  target: 'ssh nowhere',
  open: async (input) => {
    asked.push(input);
    const { promise: ended, resolve } = Promise.withResolvers<string>();
    const address = { scheme: 'http', host: '127.0.0.1', port: input.localPort } as const;
    return { address, ended, close: async () => resolve('was closed') };
  },
  isFinal: () => true,
  findOriginator: async () => undefined,
});

const keep = async (driver: TunnelDriver, spec: Partial<TunnelSpec> = {}, more: Partial<KeepTunnelInput> = {}) => {
  const controller = new AbortController();
  const events: string[] = [];
  const settings = { host: 'h', program: 'ssh', remotePort: 0, bindAddress: '', hostKeyPolicy: 'yes' } as const;
  const tunnel = await keepTunnel({
    driver,
    spec: {
      driver: { kind: 'ssh', settings: { ...settings, serverAliveInterval: 1, serverAliveCountMax: 1 } },
      ...{ master: { host: '127.0.0.1', port: await freePort() }, secret: 's', timings: { livenessMs: 50 }, ...spec },
    },
    ...{ proxyEnv: {}, signal: controller.signal, onEvent: (text) => events.push(text) },
    ...more,
  });
  tunnel.done.catch(() => undefined);
  onTestFinished(() => controller.abort(new Error('over')));
  return { ...tunnel, events, stop: () => controller.abort(new Error('over')) };
};

test('is up through its own relay, and reports that no master listens until one does', async () => {
  const master = await serveTcp((socket) => socket.end('master'));
  const { port } = master;
  await new Promise((resolve) => master.server.close(resolve));
  const { report, events } = await keep(shortCircuit(), { master: { host: '127.0.0.1', port } });
  await expect.poll(() => report().state).toBe('up');
  expect(report().master.trouble).toContain(`cannot connect to the master on 127.0.0.1:${port}`);
  await new Promise<void>((resolve) => master.server.listen(port, '127.0.0.1', resolve));
  await expect.poll(() => report().master.trouble).toBeUndefined();
  expect(await exchange(report().address?.port ?? 0, 'GET /')).toBe('master');
  expect(events).toEqual([
    'ssh tunnel starting',
    `ssh tunnel http://127.0.0.1:${report().address?.port} probing`,
    `ssh tunnel http://127.0.0.1:${report().address?.port} up`,
  ]);
});

test('a change of address is reported', async () => {
  const previous = { scheme: 'http', host: 'old.example', port: 4000 } as const;
  const asked: OpenInput[] = [];
  const { report, events } = await keep(shortCircuit(asked), { previous });
  await expect.poll(() => report().state).toBe('up');
  expect(asked[0]?.previous).toEqual(previous);
  expect(events).toContainEqual(
    expect.stringMatching(/^address-changed: http:\/\/old\.example:4000 has become http:\/\/127\.0\.0\.1:\d+; /),
  );
});

test('one that has expired before it is opened stays closed until it is extended', async () => {
  const asked: OpenInput[] = [];
  const { report, setDeadline, events } = await keep(shortCircuit(asked), { until: '2020-01-01T00:00:00.000Z' });
  expect(report()).toMatchObject({ state: 'ended', until: '2020-01-01T00:00:00.000Z' });
  setDeadline({ until: '2020-01-02T00:00:00.000Z' });
  expect(asked).toEqual([]);
  setDeadline(undefined);
  await expect.poll(() => report().state).toBe('up');
  expect(events[0]).toBe('ssh tunnel ended: expired at 2020-01-01T00:00:00.000Z');
});

test('a final failure is reported with its hint, and is not retried', async () => {
  const error = new UserError('the key is refused', { id: 'tunnel.ssh-key', hint: 'add it' });
  const open = () => Promise.reject(error);
  const { report, events, done, stop } = await keep({ ...shortCircuit(), open });
  await expect.poll(() => report().state).toBe('failed');
  expect(events.at(-1)).toBe('ssh tunnel failed: the key is refused (to fix: add it)');
  stop();
  await expect(done).rejects.toThrow('over');
});
