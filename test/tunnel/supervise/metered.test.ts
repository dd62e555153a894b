import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { UserError } from '../../../src/lib/errors.ts';
import { isServed, type TunnelStatus } from '../../../src/model/tunnel-status.ts';
import { superviseTunnel } from '../../../src/tunnel/supervise/supervise.ts';
import type { Waking } from '../../../src/tunnel/supervise/wake.ts';
import type { TunnelDriver } from '../../../src/tunnel/tunnel.ts';
import { address } from '../../fakes/tunnel-driver.ts';

const [second, minute, hour] = [1_000, 60_000, 3_600_000];
const day = 24 * hour;

type World = {
  /** What the program reports at that time. */
  readonly word?: (at: number) => true | string;
  /** What comes back through the public end; a question that is `unsent` costs nothing. */
  readonly answer?: (at: number) => string | true | { readonly unsent: string };
  readonly waking?: (at: number) => Waking;
  readonly everyMs?: number;
  readonly isFinal?: boolean;
  /** Between two looks at what the program reports. */
  readonly livenessMs?: number;
  readonly forMs: number;
};

/** Lives through `forMs` of a clock that the waits move; gives what was asked, opened and told. */
const liveThrough = async ({ word = () => true, answer = () => true, waking = () => 'time', ...world }: World) => {
  let at = 0;
  let opened = 0;
  const change = new Promise<void>(() => undefined);
  const subscribe = vi.spyOn(change, 'then');
  const asked: number[] = [];
  const states: (readonly [at: number, TunnelStatus])[] = [];
  const over = new AbortController();
  onTestFinished(() => over.abort(new Error('over')));
  const driver: TunnelDriver = {
    ...{ kind: 'ngrok', target: 'ngrok', askEveryMs: world.everyMs ?? 30 * minute },
    open: async () => {
      opened++;
      const report = { look: async () => word(at), changed: () => change };
      return { address, report, ended: new Promise<string>(() => undefined), close: async () => undefined };
    },
    explain: (seen) => (/ERR_/.test(seen) ? new UserError(seen, { id: 'tunnel.ngrok-rate', hint: 'wait' }) : undefined),
    isFinal: () => world.isFinal ?? false,
    findOriginator: async () => undefined,
  };
  const { failed, status } = superviseTunnel(driver, {
    ...{ localPort: 1, signal: over.signal, onAddressChange: () => undefined, now: () => at },
    ...(world.livenessMs && { timings: { livenessMs: world.livenessMs } }),
    onState: (state) => states.push([at, state]),
    probe: async (_, { onSent }) => {
      const seen = answer(at);
      if (typeof seen === 'object') return seen.unsent;
      asked.push(at);
      onSent?.();
      return seen;
    },
    wait: async (ms, signal) => {
      // what limits an opening does not pass, since it opens at once
      if (status().state === 'starting')
        return new Promise((_, end) => signal.addEventListener('abort', () => end(signal.reason)));
      at += ms;
      if (at >= world.forMs) over.abort(new Error('over'));
      signal.throwIfAborted();
      return waking(at);
    },
  });
  await failed.catch(() => undefined);
  return { asked, opened, states, subscribe, status: status(), names: states.map(([, { state }]) => state) };
};

/** Of a free plan: https://ngrok.com/docs/pricing-limits/free-plan-limits. */
const quota = { requests: 20_000, connections: 5_000 };

describe("questions through a public end that the account pays for, of a free plan's quota", () => {
  test.for([
    ['https, 8 hours', { forMs: 8 * hour }, 16, 0.001],
    ['https, 30 days', { forMs: 30 * day, livenessMs: 5 * minute }, 1_440, 0.08],
  ] as const)('%s of a tunnel that is always open', async ([, world, most, share]) => {
    const { asked, names } = await liveThrough(world);
    expect(names).toEqual(['starting', 'probing', 'up']);
    expect(asked).toHaveLength(most);
    expect(asked.length / quota.requests).toBeLessThan(share);
  });

  test('TCP, 30 days of a tunnel that is always open', async () => {
    const { asked } = await liveThrough({ forMs: 30 * day, everyMs: 120 * minute, livenessMs: 5 * minute });
    expect(asked).toHaveLength(360);
    expect(asked.length / quota.connections).toBeLessThan(0.08);
  });

  const flaps = (at: number) => Math.floor(at / (10 * second)) % 2 === 0 || 'the session is lost';
  /** Twenty, and one each 22.5 minutes. */
  const mostIn = (ms: number) => 20 + ms / (22.5 * minute);
  const worlds: readonly (readonly [string, Partial<World>])[] = [
    ['a session that comes and goes each 10 s', { word: flaps }],
    ['an end that never has the nonce', { answer: () => 'something else' }],
    ['a rate that is always exceeded', { answer: () => 'ERR_' }],
    ['a network that changes all the time', { waking: () => 'network' }],
  ];
  test.for(worlds)('limited, and below a tenth in 30 days: %s', async ([, world]) => {
    const { asked } = await liveThrough({ ...world, forMs: 6 * hour });
    expect(asked.length).toBeGreaterThan(20);
    expect(asked.length).toBeLessThanOrEqual(mostIn(6 * hour));
    expect(mostIn(30 * day) / quota.requests).toBeLessThan(0.1);
  });
});

test('a session that the program has lost is told at once, without a question, until it is back and proven', async () => {
  const isLost = (at: number) => at >= minute && at < 2 * minute;
  const { asked, states, opened } = await liveThrough({
    word: (at) => (isLost(at) ? 'the session is lost' : true),
    forMs: 3 * minute,
  });
  expect(states.map(([at, { state, detail }]) => [at, state, detail])).toEqual([
    [0, 'starting', undefined],
    [0, 'probing', undefined],
    [0, 'up', undefined],
    [minute, 'degraded', 'the session is lost'],
    [2 * minute, 'up', undefined],
  ]);
  expect([asked, opened]).toEqual([[0, 2 * minute], 1]);
});

test('a program that finds no session for two minutes is started again', async () => {
  const { opened, names } = await liveThrough({ word: (at) => at < minute || 'lost', forMs: 4 * minute });
  expect(opened).toBe(2);
  expect(names.slice(0, 6)).toEqual(['starting', 'probing', 'up', 'degraded', 'backoff', 'starting']);
});

test('in another network it is started again as soon as it says that its session is lost', async () => {
  const { names } = await liveThrough({
    word: (at) => at < minute || 'lost',
    waking: (at) => (at >= minute ? 'network' : 'time'),
    forMs: minute + 5 * second,
  });
  expect(names.slice(0, 6)).toEqual(['starting', 'probing', 'up', 'degraded', 'backoff', 'starting']);
});

test('three answers without the nonce are a reason to start it again, as for any tunnel', async () => {
  const { asked, names } = await liveThrough({
    answer: (at): string | true => at < hour || 'something else',
    forMs: hour + 10 * second,
  });
  expect(names.slice(0, 6)).toEqual(['starting', 'probing', 'up', 'degraded', 'backoff', 'starting']);
  expect(asked.slice(2, 5)).toEqual([hour, hour + 3 * second, hour + 6 * second]);
});

test('a name that does not resolve yet costs nothing: it is asked again until it does', async () => {
  const { asked, status } = await liveThrough({
    answer: (at) => at >= 10 * minute || { unsent: 'its name does not resolve' },
    forMs: 11 * minute,
  });
  expect(status.state).toBe('up');
  expect(asked).toHaveLength(1);
});

test('what ngrok says of the account, and only the user can mend, ends it with the way out', async () => {
  const { asked, status } = await liveThrough({ answer: () => 'ERR_ of the quota', isFinal: true, forMs: hour });
  expect(status).toMatchObject({
    state: 'failed',
    detail: 'ERR_ of the quota',
    hint: 'wait',
    errorId: 'tunnel.ngrok-rate',
  });
  expect(asked).toHaveLength(1);
});

test('a rate that passes is told with its way out, asked about after a minute, and no reason to start again', async () => {
  const { asked, states, opened } = await liveThrough({
    answer: (at) => (at >= hour && at < hour + 2 * minute ? 'ERR_ of the rate' : true),
    forMs: hour + 5 * minute,
  });
  expect(states.slice(3).map(([at, { state, hint }]) => [at, state, hint])).toEqual([
    [hour, 'degraded', 'wait'],
    [hour + 2 * minute, 'up', undefined],
  ]);
  expect([asked.slice(2), opened]).toEqual([[hour, hour + minute, hour + 2 * minute], 1]);
});

test('a rate that passes is no reason to start again in another network either', async () => {
  const { asked, names, opened } = await liveThrough({
    answer: (at) => (at >= minute && at < 2 * minute ? 'ERR_ of the rate' : true),
    waking: (at) => (at === minute ? 'network' : 'time'),
    forMs: 5 * minute,
  });
  expect(names).toEqual(['starting', 'probing', 'up', 'degraded', 'up']);
  expect([asked, opened]).toEqual([[0, minute, 2 * minute], 1]);
});

test('an end that does not change is listened to once, however often it is looked at', async () => {
  const { subscribe, opened } = await liveThrough({ forMs: hour });
  expect([subscribe.mock.calls.length, opened]).toEqual([1, 1]);
});

test('with nothing left to ask it is open by the word of its program, and asked as soon as there is', async () => {
  const { states, asked } = await liveThrough({
    word: (at) => (at < 10 * minute && Math.floor(at / (10 * second)) % 2 === 1 ? 'lost' : true),
    forMs: 40 * minute,
  });
  const open = states.findLast(([, { state }]) => state === 'open');
  expect(open?.[1].detail).toMatch(/its program reports that it serves the address/);
  expect(states.at(-1)?.[1].state).toBe('up');
  expect(asked.length).toBeLessThanOrEqual(22);
});

describe('with nothing left to ask, an end whose last answer was not the nonce', () => {
  const something = 'HTTP 403: something else is behind this address';

  test('and that never worked is not served, and says why', async () => {
    const { asked, states, status } = await liveThrough({ answer: () => something, forMs: 20 * minute });
    expect(asked).toHaveLength(20);
    expect(states.filter(([, { state }]) => isServed(state))).toEqual([]);
    expect(status).toMatchObject({ state: 'probing', detail: something });
  });

  test.for([
    [something, undefined],
    ['ERR_ of the rate', 'wait'],
  ] as const)('and that worked before is degraded, also after its session was lost and is back: %s', async ([
    answer,
    hint,
  ]) => {
    const { states, asked, status } = await liveThrough({
      // spends what there is
      word: (at) => at >= 10 * minute || Math.floor(at / (10 * second)) % 2 === 0 || 'lost',
      answer: (at) => at < minute || answer,
      forMs: 15 * minute,
    });
    expect(asked.length).toBeGreaterThanOrEqual(20);
    expect(states.filter(([at, { state }]) => at >= minute && isServed(state))).toEqual([]);
    expect(status).toMatchObject({ state: expect.stringMatching(/probing|degraded/), detail: answer });
    expect(status.hint).toBe(hint);
  });
});
