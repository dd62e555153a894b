import { appendFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { findMasterKeeper, stopMaster } from '../../../src/determined/stop.ts';
import { determinedPaths } from '../../../src/instance/paths.ts';
import { execaRunner } from '../../../src/lib/process/runner.ts';
import { noNamespaces } from '../../support/process/user.ts';
import { findInstalledServer, makeStack, type Stack } from '../../support/stack/stack.ts';

const server = await findInstalledServer();

/** With the database that an earlier start has made. */
const again = ({ spec: { database } }: Stack) => ({ ...(database && { database: { ...database, isMade: true } }) });

/** A small file system in the place of the folder of master and database, which the test's end takes away. */
const mountSmall = async ({ instance, spec }: Stack, size: string): Promise<string> => {
  const { determinedDir, databasePasswordPath } = determinedPaths(instance.dir);
  await execaRunner(['mount', '-t', 'tmpfs', '-o', `size=${size},mode=700`, 'tmpfs', determinedDir]);
  onTestFinished(async () => {
    await stopMaster(instance);
    await execaRunner(['umount', '--lazy', determinedDir]);
  });
  await writeFile(databasePasswordPath, `${spec.database?.spec.password}\n`, { mode: 0o600 });
  return determinedDir;
};

test.skipIf(!server || noNamespaces)(
  "a disk that fills while the database runs: PostgreSQL's words, and space heals it",
  async () => {
    if (!server) return;
    const stack = await makeStack(server);
    const { port } = stack.spec.database?.spec ?? {};
    const dir = await mountSmall(stack, '130m');
    // what somebody frees later: a table that was not finished may keep its pages
    await writeFile(join(dir, 'reserve'), Buffer.alloc(40 * 2 ** 20));
    await stack.start();
    const fill = 'CREATE TABLE fill AS SELECT repeat(md5(i::text), 30) FROM generate_series(1, 300000) i';
    const psql = ['-h', '127.0.0.1', '-p', String(port), '-U', 'postgres', '-c', fill, 'determined'];
    await expect(execaRunner(['psql', ...psql], { env: { PGPASSWORD: 'secret1' } })).rejects.toThrow();
    await stopMaster(stack.instance);
    await execaRunner(['sh', '-c', 'cat /dev/zero > "$1/ballast" || true', 'sh', dir]);
    await expect(stack.start(again(stack))).rejects.toThrow(/No space left on device|ENOSPC/);
    expect(stack.instance.record().journal).toEqual([]);
    for (const name of ['ballast', 'reserve']) await rm(join(dir, name));
    await expect(stack.start(again(stack))).resolves.toBe(true);
  },
);

test.skipIf(!server || noNamespaces)(
  'a disk that is too small for the database: the words are told, and what to do',
  async () => {
    if (!server) return;
    const stack = await makeStack(server);
    await mountSmall(stack, '20m');
    await expect(stack.start()).rejects.toMatchObject({
      id: 'environment.master-not-started',
      message: expect.stringMatching(/No space left on device|could not extend file/),
      hint: expect.stringContaining('free some space'),
    });
    expect(stack.instance.record().journal).toEqual([]);
  },
);

test.skipIf(!server)('a password that the database does not take is in no word of the error', async () => {
  if (!server) return;
  const stack = await makeStack(server);
  await stack.start();
  await stopMaster(stack.instance);
  const { databaseDir, logPath } = determinedPaths(stack.instance.dir);
  await appendFile(join(databaseDir, 'postgresql.conf'), 'default_transaction_read_only = on\n');
  const error: unknown = await stack.start(again(stack)).catch((one: unknown) => one);
  expect(error).toMatchObject({
    id: 'environment.master-not-started',
    message: expect.stringContaining('read-only transaction'),
  });
  expect(`${(error as Error).message}${await readFile(logPath, 'utf8')}`).not.toContain('secret1');
});

test.skipIf(!server)('a start that is interrupted before it changes anything leaves what runs', async () => {
  if (!server) return;
  const stack = await makeStack(server);
  await stack.start();
  await expect(stack.start(again(stack), AbortSignal.abort(new Error('Ctrl-C')))).rejects.toThrow('Ctrl-C');
  expect(await findMasterKeeper(stack.instance)).toBeDefined();
  await expect(fetch(`http://127.0.0.1:${stack.spec.port}/info`)).resolves.toMatchObject({ ok: true });
});
