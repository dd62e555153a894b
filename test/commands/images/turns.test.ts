import { expect, test } from 'vitest';
import { makeTurns } from '../../../src/commands/images/turns.ts';

const setUp = () => {
  const inTurn = makeTurns();
  const begun: string[] = [];
  const ask = (name: string, keys: readonly string[]) => {
    const end = Promise.withResolvers<string>();
    const ended = inTurn(keys, () => {
      begun.push(name);
      return end.promise;
    });
    return { ...end, ended };
  };
  return { begun, ask };
};

test('what has nothing in common runs side by side, the rest one after the other, also after a failure', async () => {
  const { begun, ask } = setUp();
  const first = ask('first', ['a', 'b']);
  const second = ask('second', ['b', 'c']);
  const third = ask('third', ['c', 'd']);
  const other = ask('other', ['e']);
  await expect.poll(() => begun).toEqual(['first', 'other']);
  first.reject(new Error('no'));
  await expect(first.ended).rejects.toThrow('no');
  await expect.poll(() => begun).toEqual(['first', 'other', 'second']);
  second.resolve('two');
  expect(await second.ended).toBe('two');
  await expect.poll(() => begun).toEqual(['first', 'other', 'second', 'third']);
  third.resolve('three');
  other.resolve('four');
  expect([await third.ended, await other.ended]).toEqual(['three', 'four']);
});
