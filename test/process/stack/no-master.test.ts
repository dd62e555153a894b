import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { processesIn } from '../../../src/determined/database/data.ts';
import { findInstance } from '../../../src/instance/instance.ts';
import { determinedPaths } from '../../../src/instance/paths.ts';
import { findListener } from '../../../src/lib/process/port-holder.ts';
import { expectRefusal, test, type User } from '../../support/process/user.ts';
import { type CommandStack, makeCommandStack } from '../../support/stack/command.ts';
import { findInstalledServer } from '../../support/stack/stack.ts';

const server = await findInstalledServer();

/** A program with a root beside it, as `--master-program` wants it. */
const writeProgram = async (user: User, code: string, mode?: number): Promise<string> => {
  await mkdir(join(user.dir, 'bin/share/determined/master/static'), { recursive: true });
  return user.write('bin/other', code, mode ?? 0o755);
};

/** A web server on the master's port whose every answer is this. */
const webServer = (port: number, status: number, text: string): string =>
  `#!${process.execPath}
require('node:http').createServer((_, response) => response.writeHead(${status}).end(${JSON.stringify(text)})).listen(${port});`;

const expectNothing = async ({ instance, port }: CommandStack, user: User): Promise<void> => {
  const { journal } = (await findInstance(`${user.state}/taskgate`, 'dev'))?.record() ?? {};
  expect(journal?.filter(({ kind }) => kind === 'master')).toEqual([]);
  expect(await processesIn(determinedPaths(instance.dir).databaseDir)).toEqual([]);
  expect(await findListener('127.0.0.1', port)).toBeUndefined();
};

describe.skipIf(!server)('a program that is no master', () => {
  test('ends at once: how it ended is told', async ({ user }) => {
    const stack = await makeCommandStack(user);
    const program = await writeProgram(user, '#!/bin/sh\necho "other: unknown flag --config-file" >&2\nexit 0\n');
    const ended = await stack.master(['up', '--master-program', program]);
    expect(ended.stderr).toMatch(/determined-master ended 4 times while starting: \S+ exited with 0/);
    expect(ended.stderr).toContain('other: unknown flag --config-file');
    expect(ended.stderr).toContain('[environment.master-not-started]');
    await expectNothing(stack, user);
  });

  test('answers, but not as a master', async ({ user }) => {
    const stack = await makeCommandStack(user);
    const program = await writeProgram(user, webServer(stack.port, 200, 'hello'));
    const ended = await stack.master(['up', '--master-program', program]);
    const says = new RegExp(`answers on port ${stack.port}, but not as a master of Determined`);
    expectRefusal(ended, { exitCode: 3, id: 'environment.no-master', says });
    await expectNothing(stack, user);
  });

  test('answers, but with no /info: what it answered is told', async ({ user }) => {
    const stack = await makeCommandStack(user);
    const program = await writeProgram(user, webServer(stack.port, 404, 'no page'));
    const ended = await stack.master(['up', '--master-program', program, '--timeouts-stage-seconds', '8']);
    expect(ended.stderr).toMatch(/determined-master not ready after 8s: .*answers 404/);
    await expectNothing(stack, user);
  });

  test('runs and listens nowhere: its probe is told', async ({ user }) => {
    const stack = await makeCommandStack(user);
    const program = await writeProgram(user, '#!/bin/sh\nexec sleep 60\n');
    const ended = await stack.master(['up', '--master-program', program, '--timeouts-stage-seconds', '8']);
    expect(ended.stderr).toMatch(/determined-master not ready after 8s: .*ECONNREFUSED/);
    await expectNothing(stack, user);
  });

  test.for([
    ['a file that may not be executed', 0o644, 'other', /bin\/other may not be executed/],
    ['a folder', 0o755, '', /bin\/? is no file/],
  ] as const)('is %s: refused before anything is kept', async ([, mode, name, says], { user }) => {
    const stack = await makeCommandStack(user);
    await writeProgram(user, 'text', mode);
    const before = await readFile(join(stack.instance.dir, 'instance.json'), 'utf8');
    const ended = await stack.master(['up', '--master-program', join(user.dir, 'bin', name)]);
    expectRefusal(ended, { exitCode: 2, id: 'usage.master-program', says });
    expect(await readFile(join(stack.instance.dir, 'instance.json'), 'utf8')).toBe(before);
    await expectNothing(stack, user);
  });

  test('is a program of another machine', async ({ user }) => {
    const stack = await makeCommandStack(user);
    const program = await writeProgram(user, '');
    await writeFile(program, Buffer.concat([Buffer.from('7f454c46020101', 'hex'), Buffer.alloc(57)]));
    const ended = await stack.master(['up', '--master-program', program]);
    expect(ended.stderr).toMatch(/determined-master ended 4 times while starting/);
    expect(ended.stderr).toMatch(/[Ee]xec format error/);
    await expectNothing(stack, user);
  });
});
