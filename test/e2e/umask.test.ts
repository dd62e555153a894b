import { readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ending, makeTaskgate, type Taskgate } from '../support/e2e/taskgate.ts';
import { figure } from '../support/figure.ts';

let taskgate: Taskgate;
beforeAll(async () => {
  taskgate = await makeTaskgate();
});
afterAll(() => taskgate.close('umask'));

/** taskgate with a umask: 000 is that of early WSL. */
const runWith = async (umask: string, args: readonly string[]) => {
  const command = [process.execPath, '--', join(import.meta.dirname, '../../scripts/taskgate.js'), ...args];
  const env = { XDG_STATE_HOME: taskgate.stateHome, TASKGATE_MASTER_PORT: '18081' };
  const options = { cwd: taskgate.stateHome, env, reject: false, stdin: 'ignore' } as const;
  const {
    exitCode = 1,
    stdout,
    stderr,
  } = await execa('sh', ['-c', `umask ${umask}; exec "$@"`, 'sh', ...command], options);
  return { exitCode, stdout, stderr };
};

const run = (...args: readonly string[]) => runWith('000', args);

/** Data and logs of pods: containerd and kubelet set their modes themselves, in folders that are closed to others. */
const isOfNode = (path: string): boolean => /\/(node|logs\/pods)\//.test(path);

const looseModes = async (folder: string): Promise<readonly string[]> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => !entry.isSymbolicLink()).map((entry) => join(entry.parentPath, entry.name));
  const found = await Promise.all(
    paths.map(async (path) => ({ path: relative(folder, path), mode: (await stat(path)).mode & 0o777 })),
  );
  const allowed = (path: string): number => (path.endsWith('/logs/pods') ? 0o750 : 0o700);
  const loose = found.filter(({ path, mode }) => !isOfNode(path) && (mode & ~allowed(path)) !== 0);
  return loose.map(({ path, mode }) => `${mode.toString(8)} ${path}`);
};

test('with a umask of 000 nothing that taskgate makes is open to other users', async () => {
  const files = ['--junit', 'reports/junit.xml', '--env-file', 'taskgate.env'];
  expect(ending(await run('up', '--provider', 'native', '--name', 'umask', ...files))).toBe('exit 0');
  for (const args of [['status'], ['config', 'account'], ['config', 'master', '--output', 'master.yaml'], ['smoke']]) {
    expect(ending(await run(...args, '--name', 'umask'))).toBe('exit 0');
  }
  expect(await readdir(taskgate.stateHome)).toEqual(
    expect.arrayContaining(['master.yaml', 'reports', 'taskgate', 'taskgate.env']),
  );
  const loose = await looseModes(taskgate.stateHome);
  expect(loose).toEqual([]);
  figure('files not 0600 or 0700 with umask 000', loose.length);
});

// pods read what kubelet and containerd make with the umask of their parent
test.each([
  '077',
  '027',
])('with a umask of %s, as on hardened hosts, pods run and the path is proven', async (umask) => {
  const name = `umask${umask}`;
  expect(ending(await runWith(umask, ['up', '--provider', 'native', '--name', name]))).toBe('exit 0');
  expect(ending(await runWith(umask, ['down', '--name', name]))).toBe('exit 0');
});
