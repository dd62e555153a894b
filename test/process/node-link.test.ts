import { copyFile, mkdir, realpath, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect } from 'vitest';
import { root, test, type User } from '../support/process/user.ts';

const modules = await realpath(join(root, 'node_modules'));
const platform = `node-${process.platform}-${process.arch}`;

/** A checkout whose pinned Node.js begins with `head`: one that has no loader here, as on Alpine and NixOS. */
const checkout = async ({ dir }: User, name: string, pinned: string): Promise<string> => {
  const copy = join(dir, name);
  const own = join(copy, 'node_modules');
  for (const folder of ['.bin', '@taskgate/node', `${platform}/bin`]) {
    await mkdir(join(own, folder), { recursive: true });
  }
  await copyFile(join(root, 'scripts/node/node.sh'), join(own, '@taskgate/node/node.sh'));
  await symlink('../@taskgate/node/node.sh', join(own, '.bin/node'));
  await writeFile(join(own, platform, 'package.json'), '{}');
  await writeFile(join(own, platform, 'bin/node'), pinned, { mode: 0o755 });
  for (const part of ['src', 'scripts', 'package.json']) await symlink(join(root, part), join(copy, part));
  for (const part of ['commander', 'zod', 'yaml', 'execa']) await symlink(join(modules, part), join(own, part));
  return copy;
};

const noLoader = '#!/no/such/loader\n';

/** The system's own Node.js, in a folder of its own. */
const systemNode = async ({ dir }: User, text = `#!/bin/sh\nexec '${process.execPath}' "$@"\n`): Promise<string> => {
  const folder = join(dir, 'system');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'node'), text, { mode: 0o755 });
  return folder;
};

const withPath = (...folders: readonly string[]) => ({ PATH: [...folders, '/usr/bin', '/bin'].join(':') });

describe.concurrent('the node of node_modules/.bin, where the pinned one does not start', () => {
  test.for(['sh', 'bash'])('%s goes on to the one of the system', async (shell, { user }) => {
    const copy = await checkout(user, 'here', noLoader);
    const env = withPath(join(copy, 'node_modules/.bin'), await systemNode(user));
    const program = [shell, '-c', 'node -- scripts/taskgate.js "$@"', shell];
    expect(await user.run(['smoke', '--help'], { program, env, cwd: copy })).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('Usage: taskgate smoke'),
      stderr: '',
    });
  });

  test('npm run, whose shell is bash on NixOS', async ({ user }) => {
    const copy = await checkout(user, 'here', noLoader);
    const program = ['npm', 'run', '--silent', '--script-shell=/bin/bash', 'smoke', '--', '--help'];
    // the system's npm may need its own Node.js, which comes after
    const env = withPath(await systemNode(user));
    expect(await user.run([], { program, env, cwd: copy })).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('Usage: taskgate smoke'),
    });
  });

  test('a loader that is a stub and only says so is no Node.js', async ({ user }) => {
    const copy = await checkout(user, 'here', '#!/bin/sh\necho "stub-ld cannot run it" >&2\nexit 127\n');
    const env = withPath(join(copy, 'node_modules/.bin'), await systemNode(user));
    const ended = await user.run(['--version'], { program: ['node'], env });
    expect(ended).toMatchObject({ exitCode: 0, stdout: `${process.version}\n`, stderr: '' });
  });

  test('two such checkouts on one PATH do not call each other for ever', async ({ user }) => {
    const inner = await checkout(user, 'inner', noLoader);
    const outer = await checkout(user, 'outer', noLoader);
    const links = [inner, outer].map((copy) => join(copy, 'node_modules/.bin'));
    const env = withPath(...links, await systemNode(user));
    const ended = await user.run(['--version'], { program: ['node'], env });
    expect(ended).toMatchObject({ exitCode: 0, stdout: `${process.version}\n` });
  });

  test('with no other: 127, and what to install', async ({ user }) => {
    const copy = await checkout(user, 'here', noLoader);
    const env = { PATH: join(copy, 'node_modules/.bin') };
    const program = ['/bin/sh', join(copy, 'node_modules/.bin/node')];
    expect(await user.run(['--version'], { program, env })).toMatchObject({
      exitCode: 127,
      stdout: '',
      stderr:
        'taskgate: the Node.js that npm installed does not start here, and there is no other on PATH: install Node.js 22.19, 24.3 or newer\n',
    });
  });
});

test('the pinned one is taken where it starts, and keeps the process id', async ({ user }) => {
  const copy = await checkout(user, 'here', '#!/bin/sh\necho "pinned $$ $*"\n');
  const node = execa(join(copy, 'node_modules/.bin/node'), ['a', 'b c']);
  expect((await node).stdout).toBe(`pinned ${node.pid} a b c`);
});
