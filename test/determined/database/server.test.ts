import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findServer, installedServers, parseVersion } from '../../../src/determined/database/server.ts';
import { execaRunner } from '../../../src/lib/process/runner.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

test.each([
  ['postgres (PostgreSQL) 16.14', { major: 16, version: '16.14' }],
  ['postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)', { major: 15, version: '15.13' }],
  ['postgres (PostgreSQL) 18beta1', { major: 18, version: '18beta1' }],
  ['something else', undefined],
])('%s', (text, version) => expect(parseVersion(text)).toEqual(version));

const install = async (folder: string, version: string): Promise<string> => {
  await mkdir(folder, { recursive: true });
  for (const name of ['postgres', 'initdb']) {
    await writeFile(join(folder, name), `#!/bin/sh\necho '${version}'\n`);
    await chmod(join(folder, name), 0o755);
  }
  return folder;
};

test('the newest of the installed ones is first, and one too old for the master is none', async () => {
  const dir = await temporaryDir();
  const path = await Promise.all(
    [11, 99, 98].map((major) => install(join(dir, String(major)), `postgres (PostgreSQL) ${major}.1`)),
  );
  const found = await installedServers(path, execaRunner);
  expect(found.slice(0, 2).map(({ major }) => major)).toEqual([99, 98]);
  expect(found.every(({ major }) => major >= 12)).toBe(true);
});

test('a program that is no PostgreSQL, or does not run, is none', async () => {
  const dir = await temporaryDir();
  await expect(findServer(dir, execaRunner)).resolves.toBeUndefined();
  await expect(findServer(await install(join(dir, 'a'), 'hello'), execaRunner)).resolves.toBeUndefined();
  const broken = await install(join(dir, 'b'), "'; exit 3; '");
  await expect(findServer(broken, execaRunner)).resolves.toBeUndefined();
});
