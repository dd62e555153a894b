import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { listCopies, packCommand } from '../../scripts/vm/copy.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'vm-copy-'));
});
afterEach(() => rm(dir, { recursive: true }));

test('a checkout is packed without its history and reports, with its Node.js', async () => {
  for (const name of ['.git', 'reports', 'src', 'node_modules'])
    await mkdir(join(dir, 'from', name), { recursive: true });
  await writeFile(join(dir, 'from', 'src', 'a.ts'), '');
  const [checkout] = await listCopies(join(dir, 'from'), { cacheDir: join(dir, 'cache'), npmDir: join(dir, 'npm') });
  if (checkout === undefined) throw new Error('no checkout');
  const [program, ...args] = packCommand(checkout, join(dir, 'checkout.tar'));
  execFileSync(program, args);
  await mkdir(join(dir, 'to'));
  execFileSync('tar', ['-xf', join(dir, 'checkout.tar'), '-C', join(dir, 'to')]);
  expect((await readdir(join(dir, 'to'), { recursive: true })).toSorted()).toEqual(['node_modules', 'src', 'src/a.ts']);
});

test('a cache that is not filled yet is not copied; of a full one the items alone', async () => {
  const places = { cacheDir: join(dir, 'cache'), npmDir: join(dir, 'npm') };
  expect((await listCopies(dir, places)).map(({ name }) => name)).toEqual(['checkout', 'npm']);
  await mkdir(join(dir, 'cache', 'items'), { recursive: true });
  expect((await listCopies(dir, places)).at(-1)).toMatchObject({ name: 'cache', only: ['items'] });
});
