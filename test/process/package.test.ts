import { chmod, mkdir, readdir, readFile, realpath, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { publint } from 'publint';
import { beforeAll, describe, expect } from 'vitest';
import { unexpectedFiles } from '../../scripts/package/contents.ts';
import { root, test, type User } from '../support/process/user.ts';

const modules = await realpath(join(root, 'node_modules'));
const pinned = process.execPath;

let files: readonly string[] = [];
let tarball = '';

/** What `npm pack` writes, once for all tests. */
beforeAll(async () => {
  const dir = join(root, 'node_modules', '.cache', 'taskgate-package-test');
  await mkdir(dir, { recursive: true });
  const { stdout } = await execa('npm', ['pack', '--json', '--pack-destination', dir], { cwd: root });
  const [packed] = JSON.parse(stdout.slice(stdout.indexOf('[\n'))) as readonly [
    { readonly filename: string; readonly files: readonly { readonly path: string }[] },
  ];
  files = packed.files.map(({ path }) => path);
  tarball = join(dir, packed.filename);
}, 120_000);

/** The package below `node_modules` of a project in `folder`, with links to its dependencies. */
const install = async (folder: string): Promise<string> => {
  const installed = join(folder, 'node_modules', 'taskgate');
  await mkdir(installed, { recursive: true });
  await execa('tar', ['xzf', tarball, '-C', installed, '--strip-components=1']);
  const { dependencies } = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  for (const name of Object.keys(dependencies)) {
    const link = join(folder, 'node_modules', name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(modules, name), link);
  }
  await mkdir(join(folder, 'node_modules', '.bin'));
  const program = join(folder, 'node_modules', '.bin', 'taskgate');
  await symlink('../taskgate/scripts/taskgate.js', program);
  await chmod(join(installed, 'scripts', 'taskgate.js'), 0o755);
  return program;
};

/** A folder with this Node.js as `node` and nothing else. */
const onlyNode = async (user: User, node = pinned): Promise<string> => {
  const bin = join(user.dir, 'only-node');
  await mkdir(bin, { recursive: true });
  await symlink(node, join(bin, 'node'));
  return bin;
};

describe('the tarball', () => {
  test('has what an installed taskgate needs, and nothing else', async () => {
    const sources = await readdir(join(root, 'src'), { recursive: true });
    expect(unexpectedFiles(files, sources)).toEqual({ missing: [], unknown: [] });
  });

  test('publint finds nothing', async () => {
    const archive = await readFile(tarball);
    const { messages } = await publint({ pack: { tarball: Uint8Array.from(archive).buffer } });
    expect(messages).toEqual([]);
  });

  test('installs no program but taskgate, and no Node.js', async () => {
    const { bin, dependencies, optionalDependencies, scripts, ...manifest } = JSON.parse(
      await readFile(join(root, 'package.json'), 'utf8'),
    );
    expect(bin).toEqual({ taskgate: 'scripts/taskgate.js' });
    expect(Object.keys({ ...dependencies, ...optionalDependencies }).filter((name) => name.startsWith('node'))).toEqual(
      [],
    );
    expect(Object.keys(scripts).filter((name) => /install|^prepare$/.test(name))).toEqual([]);
    expect(manifest).not.toHaveProperty('private');
  });
});

describe('installed below node_modules, where Node.js strips no types', () => {
  test('runs by its link, with a PATH that has Node.js only', async ({ user }) => {
    const program = [await install(user.dir)];
    const PATH = `${await onlyNode(user)}:/usr/bin:/bin`;
    const version = await user.run(['--version'], { program, env: { PATH } });
    expect(version).toMatchObject({ exitCode: 0, stdout: '0.1.0\n', stderr: '' });
    const shown = await user.run(['config', 'show'], { program, env: { PATH } });
    expect(shown).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('seedPort: 19999'), stderr: '' });
  });

  test('keeps --env-file from Node.js', async ({ user }) => {
    const program = [await install(user.dir)];
    const ended = await user.run(['up', '--bundle', '.', '--env-file', 'not-yet.env'], { program });
    expect(ended).toMatchObject({ exitCode: 4, stderr: expect.stringContaining('[artifact.unavailable]') });
  });

  test('starts its tunnel daemon, which is JavaScript too', async ({ user }) => {
    const program = [await install(user.dir)];
    const flags = [
      '--master-reach',
      'ssh',
      '--ssh-host',
      '127.0.0.1',
      '--ssh-port',
      '1',
      '--tunnel-allow-public',
      'true',
    ];
    const ended = await user.run(['tunnel', 'up', ...flags, '--timeouts-stage-seconds', '5'], { program });
    expect(ended).toMatchObject({ exitCode: 7, stderr: expect.stringContaining('Connection refused') });
  });

  test('by busybox: its env has no -S, its sh is ash', async ({ user }) => {
    const busybox = await execa('busybox', ['--list'], { reject: false });
    if (busybox.failed) return expect(busybox.failed).toBe(true);
    const bin = await onlyNode(user);
    const { stdout } = await execa('which', ['busybox']);
    for (const name of ['sh', 'env', 'ash']) await symlink(stdout, join(bin, name));
    // the kernel starts /bin/sh; here busybox reads the same line
    const ended = await user.run(['--version'], {
      program: [join(bin, 'sh'), await install(user.dir)],
      env: { PATH: bin },
    });
    expect(ended).toMatchObject({ exitCode: 0, stdout: '0.1.0\n', stderr: '' });
  });
});

const oldNode = await execa('/usr/bin/node', ['--version'], { reject: false });
const isOld = !oldNode.failed && Number(oldNode.stdout.slice(1).split('.')[0]) < 22;
const without = isOld ? '' : 'skipped, /usr/bin/node is not too old: ';

/** In place of npm: what `npm ci` does with the project that the package brings, without a registry. */
const npmOf = async (user: User, script: string): Promise<string> => {
  await user.write('bin/npm', `#!/bin/sh\n${script}\n`, 0o755);
  return `${user.bin}:/usr/bin:/bin`;
};
const fetched = `node_modules/node-${process.platform}-${process.arch}/bin`;

describe.skipIf(!isOld)(`${without}a Node.js that is too old for an installed package`, () => {
  const start = async (user: User) => ['/usr/bin/node', '--', await install(user.dir)];

  test('has npm fetch the pinned one into the cache, once', async ({ user }) => {
    const PATH = await npmOf(
      user,
      `test -f package-lock.json && mkdir -p ${fetched} && ln -s ${pinned} ${fetched}/node; echo "$@" >> ${user.dir}/npm.log`,
    );
    const program = await start(user);
    const first = await user.run(['status'], { program, env: { PATH } });
    expect(first).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^no instances yet; make one: /) });
    expect(first.stderr).toMatch(
      /^taskgate: Node\.js [\d.]+ is too old; fetching [\d.]+ by npm, once, to .*\/cache\/taskgate\/node\/[\d.]+\n$/,
    );
    const second = await user.run(['status'], { program, env: { PATH } });
    expect(second).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^no instances yet; make one: /),
      stderr: '',
    });
    expect(await user.read('npm.log')).toBe(
      'ci --ignore-scripts --no-bin-links --no-audit --no-fund --loglevel=error\n',
    );
  });

  test.for([
    ['echo "no network" >&2; exit 1', 'npm did not get it: no network'],
    [
      `mkdir -p ${fetched}; printf '#!/bin/sh\\nexit 5' > ${fetched}/node; chmod +x ${fetched}/node`,
      'it ended with 5: ',
    ],
  ] as const)('npm that does: %s: exit 3, why, and nothing is left', async ([script, why], { user }) => {
    const PATH = await npmOf(user, script);
    const ended = await user.run(['status'], { program: await start(user), env: { PATH } });
    expect(ended).toMatchObject({ exitCode: 3, stdout: '' });
    expect(ended.stderr).toMatch(
      /\ntaskgate needs Node\.js .* or newer, this is [\d.]+, and the pinned [\d.]+ could not be fetched: /,
    );
    expect(ended.stderr).toContain(`could not be fetched: ${why}`);
    expect(ended.stderr).toMatch(/\nTo fix: install a newer Node\.js\.\n$/);
    expect((await user.left()).filter((path) => !path.endsWith('/'))).toEqual([]);
  });
});
