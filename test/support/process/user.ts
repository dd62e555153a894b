import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { execa } from 'execa';
import { test as base, expect } from 'vitest';

export const root = join(import.meta.dirname, '..', '..', '..');
export const launcher = join(root, 'scripts', 'taskgate.js');

export type Ended = {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly stdout: string;
  readonly stderr: string;
};

export type StartOptions = {
  /** Comes before the program, such as {@link inNamespaces}. */
  readonly prefix?: readonly string[];
  /** Over the user's own environment; undefined takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Program and first arguments in place of this Node.js and our launcher. */
  readonly program?: readonly string[];
  readonly cwd?: string;
  /** In a process group of its own. */
  readonly detached?: boolean;
};

/** A user of the machine who is not root. */
const nobody = 65_534;
/** Where that user finds the repository: its own folder may be closed to others, as one below /root is. */
export const openRoot = '/mnt';

/** Runs a program as that user. */
export const unprivileged = ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'];

/** The same path where everybody may read it. */
export const throughOpenRoot = (path: string): string =>
  path.startsWith(root) ? openRoot + path.slice(root.length) : path;

/** taskgate in a mount namespace in which everybody may read the repository. */
export const openRepository = {
  prefix: [
    ...['unshare', '--mount', 'sh', '-euc'],
    ...[`mount --make-rprivate /; mount --bind '${root}' ${openRoot}; exec "$@"`, 'sh'],
  ],
  program: [process.execPath, launcher].map(throughOpenRoot),
} as const;

/** Options that run taskgate as nobody, with the repository mounted where everybody may read it. */
export const asNobody: StartOptions = {
  prefix: [...openRepository.prefix, ...unprivileged],
  program: openRepository.program,
};

/** Runs a script as root in private mount and network namespaces, then the program: the host sees nothing of it. */
export const inNamespaces = (script: string): readonly string[] => [
  ...['unshare', '--mount', '--net'],
  ...['sh', '-euc', `${script}\nexec "$@"`, 'sh'],
];

const canUnshare = await execa('unshare', ['--mount', '--net', 'true'], { reject: false });
/** Why tests with private namespaces cannot run here; empty where they can. */
export const noNamespaces = canUnshare.failed ? 'skipped, needs root: ' : '';

/** A machine's user with folders of its own, empty at first, who runs taskgate as a child process. */
const makeUser = async () => {
  const dir = await mkdtemp(join(tmpdir(), 'tg-process-'));
  const folders = {
    work: join(dir, 'work'),
    state: join(dir, 'state'),
    cache: join(dir, 'cache'),
    bin: join(dir, 'bin'),
  };
  for (const folder of Object.values(folders)) await mkdir(folder);
  const env = {
    PATH: `${folders.bin}:${process.env['PATH']}`,
    HOME: dir,
    XDG_STATE_HOME: folders.state,
    XDG_CACHE_HOME: folders.cache,
    // most of a short command's time is the reading of modules
    NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'taskgate-process-tests'),
  };
  const start = (args: readonly string[], options: StartOptions = {}) => {
    const { prefix = [], program = [process.execPath, launcher], cwd = folders.work, detached = false } = options;
    const [first = '', ...rest] = [...prefix, ...program, ...args];
    const given = Object.entries({ ...env, ...options.env }).filter(([, value]) => value !== undefined);
    return execa(first, rest, {
      cwd,
      detached,
      env: Object.fromEntries(given),
      extendEnv: false,
      stdin: 'ignore',
      reject: false,
      stripFinalNewline: false,
    });
  };
  const listTree = async (folder: string): Promise<readonly string[]> =>
    (await readdir(folder, { recursive: true, withFileTypes: true })).map(
      (entry) => `${relative(dir, join(entry.parentPath, entry.name))}${entry.isDirectory() ? '/' : ''}`,
    );
  return {
    ...folders,
    dir,
    start,
    run: async (args: readonly string[], options?: StartOptions): Promise<Ended> => {
      const { exitCode, signal, stdout, stderr } = await start(args, options);
      return { exitCode, signal, stdout, stderr };
    },
    /** Everything in the state and cache folders; a slash ends a folder. */
    left: async (): Promise<readonly string[]> =>
      [...(await listTree(folders.state)), ...(await listTree(folders.cache))].toSorted(),
    /** Writes a file below the user's home and gives its path. */
    write: async (path: string, text: string, mode = 0o644): Promise<string> => {
      await mkdir(dirname(join(dir, path)), { recursive: true });
      await writeFile(join(dir, path), text);
      await chmod(join(dir, path), mode);
      return join(dir, path);
    },
    read: (path: string): Promise<string> => readFile(join(dir, path), 'utf8'),
    /** Makes the folders nobody's, so that taskgate may run as that user. */
    giveToNobody: async (): Promise<void> => {
      for (const folder of [dir, ...Object.values(folders)]) await chown(folder, nobody, nobody);
    },
    close: (): Promise<void> => rm(dir, { recursive: true, force: true }),
  };
};

export type User = Awaited<ReturnType<typeof makeUser>>;

/** A test with a user of its own, whose folders are removed after it. */
export const test = base.extend<{ user: User }>({
  user: async ({ task: _ }, use) => {
    const user = await makeUser();
    await use(user);
    await user.close();
  },
});

/** The files among what was left: the folder of locks may stay. */
export const filesOf = (left: readonly string[]): readonly string[] => left.filter((path) => !path.endsWith('/'));

/** The end of stderr that is the error itself; progress stands before it. */
export const errorOf = ({ stderr }: Ended): string => stderr.slice(Math.max(0, stderr.indexOf('taskgate: ')));

/** An `id` that ends in a dot stands for any of its kind. */
export type Refusal = { readonly exitCode: number; readonly id: string; readonly says: RegExp };

/** One error in two lines with its id, no stack, and nothing on stdout. */
export const expectRefusal = (ended: Ended, { exitCode, id, says }: Refusal): void => {
  const error = errorOf(ended);
  expect(error).toMatch(says);
  expect(error).toMatch(/^taskgate: .+\nto fix: .+\n$/);
  expect(error).toContain(id.endsWith('.') ? `[${id}` : `[${id}]`);
  expect(ended).toMatchObject({ exitCode, stdout: '' });
};

export const programs = ['go', 'apt-get', 'python3'] as const;

/**
 * Programs that artifacts come by, in front of this machine's. Each writes its name and pid into the file `begun`,
 * then waits, unless a script is given.
 */
export const fakePrograms = async (user: User, scripts: Readonly<Record<string, string>> = {}): Promise<void> => {
  for (const name of programs) {
    const script = `#!/bin/sh\necho ${name} $$ >> ${user.dir}/begun\n${scripts[name] ?? 'exec sleep 60'}\n`;
    await user.write(`bin/${name}`, script, 0o755);
  }
};
