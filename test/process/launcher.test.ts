import { copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect } from 'vitest';
import { waitUntilBegun } from '../support/process/signals.ts';
import { fakePrograms, inNamespaces, launcher, noNamespaces, root, test, type User } from '../support/process/user.ts';

const candidates = [...new Set(`${process.env['PATH']}:/usr/bin:/usr/local/bin`.split(':'))].map(
  (dir) => `${dir}/node`,
);

const isTooOld = async (node: string): Promise<boolean> => {
  const { stdout, failed } = await execa(node, ['--version'], { reject: false });
  const [major = 0, minor = 0] = stdout.slice(1).split('.').map(Number);
  return !failed && (major < 22 || major === 23 || (major === 22 && minor < 19) || (major === 24 && minor < 3));
};

const findOldNode = async (): Promise<string | undefined> => {
  for (const node of candidates) if (await isTooOld(node)) return node;
  return undefined;
};

const found = await findOldNode();
const oldNode = found ?? 'node';
const without = found ? '' : 'skipped, no Node.js on PATH that is too old: ';

/** A checkout in another folder, with what was installed in it or without. */
const checkout = async ({ dir }: User, name: string, isInstalled: boolean): Promise<string> => {
  const copy = join(dir, name);
  await mkdir(join(copy, 'scripts'), { recursive: true });
  await copyFile(join(root, 'package.json'), join(copy, 'package.json'));
  for (const file of ['taskgate.js', 'pinned-node.js']) {
    await copyFile(join(root, 'scripts', file), join(copy, 'scripts', file));
  }
  for (const linked of ['src', ...(isInstalled ? ['node_modules'] : [])]) {
    await symlink(join(root, linked), join(copy, linked));
  }
  return join(copy, 'scripts', 'taskgate.js');
};

test('is written so that Node.js 12 can read it and say what to do', async () => {
  const text = await readFile(launcher, 'utf8');
  expect(text + (await readFile(join(root, 'scripts', 'pinned-node.js'), 'utf8'))).not.toMatch(
    /\bawait\b|\?\?|\?\.|[|&]{2}=/,
  );
});

describe.skipIf(without)(`${without}an old Node.js`, { concurrent: true }, () => {
  const program = [oldNode, launcher];

  test('hands over to the pinned one: results and exit code 0', async ({ user }) => {
    const ended = await user.run(['status', '--json'], { program });
    expect(ended).toMatchObject({ exitCode: 0, stdout: '[]\n', stderr: '' });
  });

  test.for([
    [['status', '--name', 'No Good'], 2, 'got "No Good"'],
    [['config', 'validate', 'a "b" $c *'], 2, 'there is no file a "b" $c *'],
    [['config', 'validate', ''], 2, 'there is no file '],
    [['env'], 3, 'instance dev does not exist; there are none'],
  ] as const)('passes arguments as they are, and the exit code: %j', async ([args, exitCode, text], { user }) => {
    const ended = await user.run(args, { program });
    expect(ended).toMatchObject({ exitCode, stdout: '', stderr: expect.stringContaining(text) });
  });

  test('without what `npm ci` installs: exit 3, and what to do', async ({ user }) => {
    const ended = await user.run(['up'], { program: [oldNode, await checkout(user, 'bare', false)] });
    expect(ended).toMatchObject({ exitCode: 3, stdout: '' });
    expect(ended.stderr).toMatch(
      /^taskgate needs Node\.js 22\.19 \(22\.x\) or 24\.3 or newer, this is [\d.]+\.\nTo fix: run `npm ci` in the folder of taskgate, .*\n$/,
    );
    expect(await user.left()).toEqual([]);
  });

  test('an installed Node.js that does not start: exit 3, and what to do', async ({ user }) => {
    const program = [oldNode, await checkout(user, 'broken', false)];
    const folder = join(user.dir, 'broken', 'node_modules', `node-${process.platform}-${process.arch}`);
    await mkdir(join(folder, 'bin'), { recursive: true });
    await writeFile(join(folder, 'package.json'), '{}');
    await writeFile(join(folder, 'bin', 'node'), 'of another machine');
    const ended = await user.run(['up'], { program });
    expect(ended).toMatchObject({ exitCode: 3, stdout: '' });
    expect(ended.stderr).toMatch(
      /^taskgate needs .*, and the one that npm installed does not start: .*\nTo fix: .*\n$/,
    );
  });

  test('a checkout elsewhere', async ({ user }) => {
    const ended = await user.run(['--version'], { program: [oldNode, await checkout(user, 'elsewhere', true)] });
    expect(ended).toMatchObject({ exitCode: 0, stdout: '0.1.0\n', stderr: '' });
  });

  test('a checkout in a folder with a space in its name', async ({ user }) => {
    const ended = await user.run(['--version'], { program: [oldNode, await checkout(user, 'my work', true)] });
    expect(ended).toMatchObject({ exitCode: 0, stdout: '0.1.0\n', stderr: '' });
  });
});

describe.skipIf(without || noNamespaces)(
  `${without || noNamespaces}signals to an old Node.js`,
  { concurrent: true },
  () => {
    const prefix = inNamespaces('');
    const program = [oldNode, launcher];

    test('SIGTERM goes on to the command: it ends in an orderly way, 143', async ({ user }) => {
      await fakePrograms(user);
      const up = user.start(['up'], { prefix, program });
      await waitUntilBegun(user);
      up.kill('SIGTERM');
      const { exitCode, stderr } = await up;
      expect({ exitCode, stderr }).toEqual({
        exitCode: 143,
        stderr: expect.stringContaining('interrupted by SIGTERM\n'),
      });
    });

    test('SIGINT reaches both from the terminal: one orderly end, 130', async ({ user }) => {
      await fakePrograms(user);
      const up = user.start(['up'], { prefix, program, detached: true });
      await waitUntilBegun(user);
      process.kill(-(up.pid ?? 0), 'SIGINT');
      const { exitCode, stderr } = await up;
      expect({ exitCode, stderr }).toEqual({
        exitCode: 130,
        stderr: expect.stringContaining('interrupted by SIGINT\n'),
      });
    });
  },
);
