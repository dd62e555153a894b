import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { filesOf, test } from '../support/process/user.ts';

const parse = (text: string): unknown => JSON.parse(text);
const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1) ?? '';

describe.concurrent('without an instance', () => {
  test.for([
    [['smoke']],
    [['chaos']],
    [['env']],
    [['logs']],
    [['logs', 'kubelet']],
    [['gateway', 'clean']],
    [['gateway', 'clean', '--yes']],
  ])('%j: exit 3, and how to make one', async ([args = []], { user }) => {
    const { exitCode, stdout, stderr } = await user.run(args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: '' });
    expect(stderr.split('\n').slice(-3)).toEqual([
      `taskgate: instance dev does not exist; there are none [environment.no-instance]`,
      `to fix: run: npx taskgate up --name dev`,
      '',
    ]);
  });

  test.for(['smoke', 'chaos', 'env', 'logs'])('%s --json: the error is JSON on stderr', async (command, { user }) => {
    const { exitCode, stdout, stderr } = await user.run([command, '--json']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: '' });
    expect(parse(lastLine(stderr))).toEqual({
      error: {
        id: 'environment.no-instance',
        message: `instance dev does not exist; there are none`,
        hint: `run: npx taskgate up --name dev`,
      },
    });
  });

  test('chaos --scenario list: exit 0, with all there are', async ({ user }) => {
    const { exitCode, stdout } = await user.run(['chaos', '--scenario', 'list', '--json']);
    expect(exitCode).toBe(0);
    expect(parse(stdout)).toContainEqual({
      ...{ name: 'envoy-deleted', breaks: 'the pods of Envoy, by delete', comesBack: 'a new pod takes over' },
      ...{ lastsSeconds: 0, promiseSeconds: 45 },
    });
    expect(await user.left()).toEqual([]);
  });

  test('chaos with a number out of its range is refused before anything else', async ({ user }) => {
    const { exitCode, stderr } = await user.run(['chaos', '--minutes', '0']);
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('[usage.number]') });
  });

  test('status: exit 0 and says so', async ({ user }) => {
    const stdout = 'no instances yet; make one: npx taskgate up\n';
    expect(await user.run(['status'])).toMatchObject({ exitCode: 0, stdout, stderr: '' });
    expect(parse((await user.run(['status', '--json'])).stdout)).toEqual([]);
    expect(await user.left()).toEqual([]);
  });

  test.for([
    ['status'],
    ['status', '--json'],
    ['down'],
  ])('%j of a name that there is not: exit 3, with those there are', async (command, { user }) => {
    await mkdir(join(user.state, 'taskgate', 'instances', 'ux1'), { recursive: true });
    const { exitCode, stdout, stderr } = await user.run([...command, '--name', 'ux2']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: '' });
    expect(stderr).toContain('instance ux2 does not exist; there are: ux1');
    expect(stderr.includes('--if-exists')).toBe(command[0] === 'down');
  });

  test('down --if-exists of such a name: exit 0', async ({ user }) => {
    expect(await user.run(['down', '--name', 'ux2', '--if-exists'])).toMatchObject({ exitCode: 0, stdout: '' });
  });

  test('down: exit 0, as often as wanted; its result alone on stdout', async ({ user }) => {
    const first = await user.run(['down']);
    expect(first).toMatchObject({ exitCode: 0, stdout: '' });
    expect(first.stderr).toContain(`there is no instance dev`);
    const second = await user.run(['down', '--json']);
    expect(second).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('✔ ') });
    expect(parse(second.stdout)).toMatchObject({ instance: 'dev', stages: expect.any(Array) });
  });
});

describe.concurrent('up --json', () => {
  test.for([
    ['a wrong setting', ['--gateway-seed-port', '20005'], 2, 'usage.config'],
    ['a step that fails', ['--bundle', '.'], 4, 'artifact.unavailable'],
  ] as const)('with %s: stdout empty, the error JSON on stderr', async ([, args, exitCode, id], { user }) => {
    const ended = await user.run(['up', '--json', ...args]);
    expect(ended).toMatchObject({ exitCode, stdout: '' });
    expect(parse(lastLine(ended.stderr))).toMatchObject({
      error: { id, message: expect.any(String), hint: expect.any(String) },
    });
    expect(await user.run(['down', '--purge-cache'])).toMatchObject({ exitCode: 0 });
    expect(filesOf(await user.left())).toEqual([]);
  });
});
