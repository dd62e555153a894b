import { expect, test } from 'vitest';
import { breakAndMend } from '../../../src/commands/chaos/break.ts';
import type { Broken, Fault } from '../../../src/commands/chaos/faults/fault.ts';

const faultOf = (inject: () => Promise<Broken>) => {
  const done: string[] = [];
  const note = (what: string) => async () => void done.push(what);
  const broken = { seen: 'it is gone', isBack: async () => true as const, lift: note('lift') };
  const fault: Fault = { inject, repair: note('repair') };
  return { done, fault, broken };
};
const signal = new AbortController().signal;
const quiet = { lastsMs: 0, onInjected: () => undefined, signal };
const broken: Broken = { seen: 'it is gone', isBack: async () => true };

test('what was broken is repaired, and what is still to be seen is handed out', async () => {
  const { done, fault } = faultOf(async () => broken);
  expect(await breakAndMend(fault, quiet)).toMatchObject({ seen: 'it is gone' });
  expect(done).toEqual(['repair']);
});

test('what was not seen to be broken is repaired all the same', async () => {
  const { done, fault } = faultOf(() => Promise.reject(new Error('it still runs')));
  await expect(breakAndMend(fault, quiet)).rejects.toThrow('it still runs');
  expect(done).toEqual(['repair']);
});

test('an abort while it lasts: it is lifted, then repaired', async () => {
  const stop = new AbortController();
  const { done, fault, broken: lasting } = faultOf(async () => lasting);
  const breaking = { lastsMs: 60_000, onInjected: () => stop.abort(new Error('Ctrl-C')), signal: stop.signal };
  await expect(breakAndMend(fault, breaking)).rejects.toMatchObject({ name: 'AbortError' });
  expect(done).toEqual(['lift', 'repair']);
});

test('a display that fails leaves nothing broken', async () => {
  const { done, fault, broken: lasting } = faultOf(async () => lasting);
  const onInjected = () => {
    throw new Error('no terminal');
  };
  await expect(breakAndMend(fault, { ...quiet, onInjected })).rejects.toThrow('no terminal');
  expect(done).toEqual(['lift', 'repair']);
});
