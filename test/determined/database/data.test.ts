import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  type DatabaseSpec,
  databaseAsChild,
  databaseSetup,
  findDataMajor,
  removeStaleLock,
  startupMessage,
} from '../../../src/determined/database/data.ts';
import { isThere } from '../../../src/lib/files.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

const spec: DatabaseSpec = {
  server: { binDir: '/pg/bin', major: 16, version: '16.14' },
  dataDir: '/i/database',
  begunDir: '/i/database.begun',
  socketDir: '/i',
  port: 5555,
  password: 'secret',
  passwordPath: '/i/database-password',
  through: ['unshare', '--user'],
};

test('data gets its name once it is whole', () => {
  const [initdb, create, rename] = databaseSetup(spec, false);
  expect(initdb).toMatchObject({ run: expect.arrayContaining(['/pg/bin/initdb', '/i/database.begun']) });
  expect(create).toMatchObject({ input: 'CREATE DATABASE determined\n', tether: { through: ['unshare', '--user'] } });
  expect(rename).toEqual({ run: ['mv', '/i/database.begun', '/i/database'] });
});

test('data that is there gets the password that the master has', () => {
  expect(databaseSetup(spec, true)).toMatchObject([
    { run: expect.arrayContaining(['--single', '/i/database']), input: "ALTER ROLE postgres WITH PASSWORD 'secret'\n" },
  ]);
});

test('no command line has the password', () => {
  const commands = [...databaseSetup(spec, false), ...databaseSetup(spec, true)].map(
    (step) => 'run' in step && step.run,
  );
  expect(JSON.stringify([...commands, databaseAsChild(spec).command])).not.toContain('secret');
});

test('the server listens on this host and on a socket in its folder alone, and is asked to end its connections', () => {
  const { command, ending, probe } = databaseAsChild(spec);
  expect(command).toEqual(expect.arrayContaining(['listen_addresses=127.0.0.1', 'unix_socket_directories=/i']));
  expect(ending).toMatchObject({ signal: 'SIGINT' });
  expect(probe).toMatchObject({ kind: 'answer', path: '/i/.s.PGSQL.5555', expected: 'R' });
});

test('the startup message has its length, the protocol, user and database', () => {
  const message = Buffer.from(startupMessage({ user: 'u', name: 'd' }), 'hex');
  expect(message.readInt32BE(0)).toBe(message.length);
  expect(message.readInt32BE(4)).toBe(196_608);
  expect(message.subarray(8).toString()).toBe('user\0u\0database\0d\0\0');
});

test('the version of data stands in a file of it', async () => {
  const dir = await temporaryDir();
  await expect(findDataMajor(dir)).resolves.toBeUndefined();
  await writeFile(join(dir, 'PG_VERSION'), '15\n');
  await expect(findDataMajor(dir)).resolves.toBe(15);
});

test('a lock goes whose pid nobody has, or another program by now', async () => {
  const dir = await temporaryDir();
  const lock = join(dir, 'postmaster.pid');
  await removeStaleLock(dir);
  await writeFile(lock, `${process.pid}\n/i/database\n`);
  await removeStaleLock(dir);
  await expect(isThere(lock)).resolves.toBe(false);
  await writeFile(lock, '4194305\n');
  await removeStaleLock(dir);
  await expect(isThere(lock)).resolves.toBe(false);
});

test('where no process can be seen, the lock is left to PostgreSQL', async () => {
  const dir = await temporaryDir();
  const lock = join(dir, 'postmaster.pid');
  await writeFile(lock, '4194305\n');
  await removeStaleLock(dir, join(dir, 'no-proc'));
  await expect(isThere(lock)).resolves.toBe(true);
});
