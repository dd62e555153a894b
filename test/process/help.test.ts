import { describe, expect } from 'vitest';
import { launcher, root, test, type User } from '../support/process/user.ts';

describe.concurrent('from the root of the repository', () => {
  test.for<readonly [string, string]>([
    ['npx taskgate --help', 'Usage: taskgate [options] [command]'],
    ['npm run --silent dev-cluster -- --help', 'Usage: taskgate up [options]'],
    ['npm run --silent dev-cluster:down -- --help', 'Usage: taskgate down [options]'],
  ])('%s', async ([line, usage], { user }) => {
    const ended = await user.run([], { program: line.split(' '), cwd: root });
    expect(ended).toMatchObject({ exitCode: 0, stderr: '', stdout: expect.stringContaining(usage) });
  });
});

test.for<[readonly string[], string]>([
  [['--help'], 'Usage: taskgate [options]'],
  [['help'], 'Usage: taskgate [options]'],
  [['up', '--help'], 'Usage: taskgate up'],
  [['help', 'up'], 'Usage: taskgate up'],
  [['help', 'settings'], '--gateway-port-range-start, TASKGATE_GATEWAY_PORT_RANGE_START'],
  [['--version'], '0.1.0'],
])('taskgate %j needs no configuration: a broken one does not matter', async ([args, text], { user }) => {
  await user.write('work/taskgate.yaml', 'name: [\n');
  const ended = await user.run(args, { env: { TASKGATE_FROB: '1' } });
  expect(ended).toMatchObject({ exitCode: 0, stderr: '', stdout: expect.stringContaining(text) });
});

/** Writes the address of each module that is loaded. */
const recorder = `
import { appendFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
registerHooks({
  load: (url, context, next) => {
    appendFileSync(process.env.MODULES_FILE, url + '\\n');
    return next(url, context);
  },
});
`;

const packagesOf = async (user: User, args: readonly string[]): Promise<readonly string[]> => {
  const hook = await user.write('recorder.mjs', recorder);
  const file = await user.write('modules', '');
  await user.run(args, { program: [process.execPath, '--import', hook, launcher], env: { MODULES_FILE: file } });
  const names = (await user.read('modules')).matchAll(/\/node_modules\/((?:@[^/]+\/)?[^/]+)/g);
  return [...new Set([...names].map(([, name = '']) => name))].toSorted();
};

test.for(['--help', 'up --help', 'help settings'])('taskgate %s loads commander alone', async (line, { user }) => {
  expect(await packagesOf(user, line.split(' '))).toEqual(['commander']);
});

test('what loads more is seen so: zod for settings, and nothing of a cluster where there is none', async ({ user }) => {
  for (const command of [['config', 'show'], ['status']]) {
    const loaded = await packagesOf(user, command);
    expect(loaded).toContain('zod');
    for (const name of ['ws', 'undici', '@kubernetes/client-node']) expect(loaded).not.toContain(name);
  }
});

test('a reader that goes away is no error: taskgate help settings | true', async ({ user }) => {
  const program = ['sh', '-c', '"$@" | true', 'sh', process.execPath, launcher];
  expect(await user.run(['help', 'settings'], { program })).toMatchObject({ stderr: '' });
});
