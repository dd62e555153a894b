import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { ownPrograms } from '../../src/commands/own-programs.ts';

test('a checkout runs TypeScript', () => {
  expect(ownPrograms('file:///home/me/taskgate/src/commands/command.ts')).toEqual({
    taskgate: '/home/me/taskgate/scripts/taskgate.js',
    supervisor: '/home/me/taskgate/scripts/supervisor.ts',
    tunnelDaemon: '/home/me/taskgate/scripts/tunnel-daemon.ts',
    templatesDir: '/home/me/taskgate/templates',
  });
});

test('an installed package has JavaScript and templates in dist, also in a folder whose name has a space', () => {
  expect(ownPrograms('file:///my%20work/node_modules/taskgate/dist/src/commands/command.js')).toEqual({
    taskgate: '/my work/node_modules/taskgate/scripts/taskgate.js',
    supervisor: '/my work/node_modules/taskgate/dist/scripts/supervisor.js',
    tunnelDaemon: '/my work/node_modules/taskgate/dist/scripts/tunnel-daemon.js',
    templatesDir: '/my work/node_modules/taskgate/dist/templates',
  });
});

test('all of them are there', () => {
  const source = new URL('../../src/commands/command.ts', pathToFileURL(import.meta.filename)).href;
  expect(Object.values(ownPrograms(source)).filter((path) => !existsSync(path))).toEqual([]);
});
