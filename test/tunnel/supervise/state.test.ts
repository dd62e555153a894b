import { expect, test, vi } from 'vitest';
import type { TunnelStatus } from '../../../src/model/tunnel-status.ts';
import { makeState } from '../../../src/tunnel/supervise/state.ts';
import type { TunnelDriver } from '../../../src/tunnel/tunnel.ts';

const driver = { kind: 'ssh', target: 'ssh jump' } as TunnelDriver;
const address = { scheme: 'http', host: 'jump.example', port: 4000 } as const;

const begin = () => {
  const seen: TunnelStatus[] = [];
  const state = makeState(driver, {
    ...{ localPort: 1, probe: async () => undefined, signal: new AbortController().signal },
    onState: (status: TunnelStatus) => void seen.push(status),
    onAddressChange: () => undefined,
  } as unknown as Parameters<typeof makeState>[1]);
  return { state, seen };
};

test('it begins before the first start, and counts those after it', () => {
  const { state, seen } = begin();
  expect(state.status()).toMatchObject({ kind: 'ssh', target: 'ssh jump', state: 'starting', restarts: -1 });
  for (const next of ['starting', 'probing', 'up', 'backoff', 'starting', 'starting'] as const) state.enter(next);
  expect(seen.map(({ restarts }) => restarts)).toEqual([0, 0, 0, 0, 1, 2]);
});

test('it says since when a state lasts: another reason for it is no other state', () => {
  const times = ['2026-01-01T00:00:00.000Z', '2026-01-01T00:00:01.000Z', '2026-01-01T00:00:02.000Z'];
  const now = vi.spyOn(Date.prototype, 'toISOString').mockImplementation(() => times.shift() ?? 'later');
  const { state } = begin();
  state.enter('backoff', { detail: 'a' });
  state.enter('backoff', { detail: 'b' });
  const since = state.status().since;
  state.enter('up');
  const next = state.status().since;
  now.mockRestore();
  expect([since, next]).toEqual(['2026-01-01T00:00:01.000Z', '2026-01-01T00:00:02.000Z']);
});

test('a state is reported once for each reason', () => {
  const { state, seen } = begin();
  state.enter('up');
  state.enter('up');
  state.enter('degraded', { detail: 'a' });
  state.enter('degraded', { detail: 'a' });
  state.enter('degraded', { detail: 'b' });
  expect(seen.map((one) => [one.state, one.detail])).toEqual([
    ['up', undefined],
    ['degraded', 'a'],
    ['degraded', 'b'],
  ]);
});

test('what is known of its end is of the run that it belongs to', () => {
  const { state } = begin();
  const privateEnd = { state: 'proven', evidence: '192.0.2.1 refuses port 4000' } as const;
  state.move({ address, privateEnd });
  expect(state.status()).toMatchObject({ address, privateEnd });
  state.move({ address: { ...address, port: 4001 } });
  expect(state.status().address?.port).toBe(4001);
  expect(state.status().privateEnd).toBeUndefined();
});

test('why a run ended is told until one works', () => {
  const { state } = begin();
  state.fail({ detail: 'no route' });
  state.enter('backoff', { detail: 'no route', hint: 'wait' });
  state.enter('starting');
  expect(state.status()).toMatchObject({ failure: { detail: 'no route' } });
  expect(state.status().hint).toBeUndefined();
  state.enter('open');
  expect(state.status().failure).toBeUndefined();
});
