import { chmod, copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { execaRunner } from '../../../src/lib/process/runner.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

const templatesDir = join(import.meta.dirname, '..', '..', '..', 'templates', 'rig');

const bundle =
  '{"capabilities":["CAP_CHOWN","CAP_SYS_RESOURCE"],"bounding":["CAP_SYS_RESOURCE","CAP_KILL"],"oomScoreAdj":-998}';
const tamed = '{"capabilities":["CAP_CHOWN"],"bounding":["CAP_KILL"],"oomScoreAdj":0}';

test.each([
  ['create --bundle DIR id', tamed],
  ['create --bundle=DIR id', tamed],
  ['run -b DIR id', tamed],
  ['exec --process DIR/config.json id', tamed],
  ['exec --process=DIR/config.json id', tamed],
  ['delete id', bundle],
])('runc %s', async (line, expected) => {
  const dir = await temporaryDir();
  await copyFile(join(templatesDir, 'runc'), join(dir, 'runc'));
  await writeFile(join(dir, 'runc.real'), '#!/bin/sh\necho "$@"\n');
  for (const name of ['runc', 'runc.real']) await chmod(join(dir, name), 0o755);
  await writeFile(join(dir, 'config.json'), bundle);
  const args = line.replace('DIR', dir).split(' ');
  expect((await execaRunner([join(dir, 'runc'), ...args])).stdout).toBe(args.join(' '));
  expect(await readFile(join(dir, 'config.json'), 'utf8')).toBe(expected);
});
