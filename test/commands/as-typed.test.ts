import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { asTyped } from '../../src/commands/as-typed.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

test.for([
  ['run: taskgate up --name dev', 'run: npx taskgate up --name dev'],
  ['eval "$(taskgate env)"', 'eval "$(npx taskgate env)"'],
  ['take it down first (taskgate down --name k)', 'take it down first (npx taskgate down --name k)'],
  ['`taskgate --help` lists', '`npx taskgate --help` lists'],
  ['taskgate down --name a; taskgate down --name b', 'npx taskgate down --name a; npx taskgate down --name b'],
  // what is no command, or has its npx already
  ['process 4711 (taskgate up) is changing it', 'process 4711 (taskgate up) is changing it'],
  ['npx taskgate up', 'npx taskgate up'],
  ['npx -- taskgate up', 'npx -- taskgate up'],
  ['/usr/bin/taskgate up', '/usr/bin/taskgate up'],
  ['in the folder of taskgate, taskgate updates nothing', 'in the folder of taskgate, taskgate updates nothing'],
] as const)('where no taskgate is on PATH: %s', ([text, typed]) => {
  expect(asTyped(text, { PATH: '/nowhere' })).toBe(typed);
  expect(asTyped(text, {})).toBe(typed);
});

test('installed globally, it is called by its name', async () => {
  const dir = await temporaryDir();
  await writeFile(join(dir, 'taskgate'), '', { mode: 0o755 });
  expect(asTyped('taskgate up', { PATH: `/nowhere:${dir}` })).toBe('taskgate up');
});

test('what npm and npx put in front of PATH, the shell of the user does not have', async () => {
  const dir = await temporaryDir();
  const bin = join(dir, 'node_modules', '.bin');
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, 'taskgate'), '', { mode: 0o755 });
  expect(asTyped('taskgate up', { PATH: bin })).toBe('npx taskgate up');
});

test('a file that cannot be run is no program', async () => {
  const dir = await temporaryDir();
  await writeFile(join(dir, 'taskgate'), '', { mode: 0o644 });
  expect(asTyped('taskgate up', { PATH: dir })).toBe('npx taskgate up');
});
