import { expect, test } from 'vitest';
import { makeCallers } from '../../src/daemon/callers.ts';

const connection = { from: 1, to: 2 };
const head = Buffer.from('GET /');
const lastAt = '2026-01-01T00:00:00.000Z';
const now = () => Date.parse(lastAt);

/** Callers whose addresses come one after the other. */
const calledFrom = (addresses: readonly (string | undefined)[], allowFrom?: readonly string[]) => {
  const left = [...addresses];
  return makeCallers({ findOriginator: async () => left.shift() }, { allowFrom, now });
};

test('who is in none of the ranges is refused, and so is who is not known', async () => {
  const { admits, last } = calledFrom(['10.1.2.3', '203.0.113.9', undefined, '10.1.2.3'], ['10.0.0.0/8']);
  const admitted = [];
  for (let call = 0; call < 4; call++) admitted.push(await admits(connection, head));
  expect(admitted).toEqual([true, false, false, true]);
  expect(last()).toEqual([
    { address: '10.1.2.3', admitted: 2, refused: 0, lastAt },
    { address: 'unknown', admitted: 0, refused: 1, lastAt },
    { address: '203.0.113.9', admitted: 0, refused: 1, lastAt },
  ]);
});

test('without ranges everyone is admitted, soon, and one caller in 100 ms is named', async () => {
  let time = now();
  const address = Promise.withResolvers<string>();
  const { admits, last } = makeCallers(
    { findOriginator: () => address.promise },
    { allowFrom: undefined, now: () => time },
  );
  expect(await admits(connection, head)).toBe(true);
  expect(await admits(connection, head)).toBe(true);
  expect(last()).toEqual([]);
  address.resolve('203.0.113.9');
  await expect.poll(last).toEqual([{ address: '203.0.113.9', admitted: 1, refused: 0, lastAt }]);
  time += 100;
  expect(await admits(connection, head)).toBe(true);
  expect(last()).toMatchObject([{ address: '203.0.113.9', admitted: 2 }]);
});

test('this host learns its own address from its probes, and is no caller', async () => {
  const { hearProbe, own, last } = calledFrom(['198.51.100.7', '10.0.0.1'], ['10.0.0.0/8']);
  await hearProbe(connection);
  await hearProbe(connection);
  expect([own(), last()]).toEqual(['198.51.100.7', []]);
});

test('the last ten are kept', async () => {
  const addresses = Array.from({ length: 12 }, (_, index) => `10.0.0.${index}`);
  const { admits, last } = calledFrom(addresses, ['10.0.0.0/8']);
  for (const _ of addresses) await admits(connection, head);
  expect(last().map(({ address }) => address)).toEqual(addresses.toReversed().slice(0, 10));
});
