import { expect, test } from 'vitest';
import { differences, locksOf } from '../../../src/commands/chaos/leftovers.ts';

test.each([
  ['nothing', ['process etcd', 'listener seed'], ['listener seed', 'process etcd'], []],
  ['one more', ['listener seed'], ['listener seed', 'listener det-20000'], ['left: listener det-20000']],
  ['one that is there a second time', ['process etcd'], ['process etcd', 'process etcd'], ['left: process etcd']],
  ['one less', ['route 10.1.0.0/16 via 10.1.0.2'], [], ['gone: route 10.1.0.0/16 via 10.1.0.2']],
  ['another state', ['link tg-1 UP'], ['link tg-1 DOWN'], ['left: link tg-1 DOWN', 'gone: link tg-1 UP']],
])('%s', (_, before, after, found) => {
  expect(differences(before, after)).toEqual(found);
});

test('locks of other instances come and go, and are none of what is left', () => {
  expect(locksOf('dev', ['dev', 'dev.chaos', 'dev.1234', 'dev2', 'dev2.chaos', 'a-dev', 'a-dev.chaos', 'de'])).toEqual([
    ...['dev', 'dev.chaos', 'dev.1234'],
  ]);
});
