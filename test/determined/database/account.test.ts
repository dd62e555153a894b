import { expect, test } from 'vitest';
import { databaseAccount, nobodyOf } from '../../../src/determined/database/account.ts';

const passwd = 'root:x:0:0:root:/root:/bin/sh\nnobody:x:99:99:nobody:/:/sbin/nologin\n';

test('root runs PostgreSQL in a user namespace, under a uid that has an entry', () => {
  expect(databaseAccount(0, { passwd }).slice(1)).toEqual(['--user', '--map-user=99', '--map-group=99']);
});

test('any other user runs it as it is, and so does the caller of sudo', () => {
  expect(databaseAccount(1000, { passwd })).toEqual([]);
  expect(databaseAccount(0, { passwd, owner: { uid: 1000, gid: 1000 } })).toEqual([]);
  expect(databaseAccount(undefined, { passwd })).toEqual([]);
});

test.each([
  '',
  'root:x:0:0::/:/bin/sh',
  'nobody:x:0:0::/:/bin/sh',
  'nobody:x:many:0::/:/bin/sh',
])('without a usable entry %j the usual uid is taken', (text) => expect(nobodyOf(text)).toBe(65_534));
