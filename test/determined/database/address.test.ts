import { expect, test } from 'vitest';
import { ownAddress, parseDatabaseUrl } from '../../../src/determined/database/address.ts';

test('a URL as PostgreSQL takes it becomes the block db of the master', () => {
  expect(parseDatabaseUrl('postgres://me:p%40ss@db.example:5433/det?sslmode=verify-ca&sslrootcert=/ca.pem')).toEqual({
    ...{ host: 'db.example', port: '5433', user: 'me', password: 'p@ss', name: 'det' },
    ...{ ssl_mode: 'verify-ca', ssl_root_cert: '/ca.pem' },
  });
  expect(parseDatabaseUrl('postgresql://me@[::1]/det')).toEqual({
    ...{ host: '::1', port: '5432', user: 'me', password: '', name: 'det' },
  });
});

test.each([
  ['nothing', 'is no URL'],
  ['mysql://me@host/det', 'begins with mysql://'],
  ['postgres://me@host', 'names no host, user or database'],
  ['postgres://host/det', 'names no host, user or database'],
  ['postgres://me:50%@host/det', 'has a % that is not written as %25'],
  ['postgres://me@host/det?target_session_attrs=any', 'has target_session_attrs, which the master has no setting for'],
])('%s is refused', (url, why) => {
  expect(() => parseDatabaseUrl(url)).toThrow(`--db-url ${why}`);
});

test("the instance's own database is on this host alone", () => {
  expect(ownAddress(5555, 'secret')).toEqual({
    ...{ host: '127.0.0.1', port: '5555', user: 'postgres', password: 'secret', name: 'determined' },
  });
});
