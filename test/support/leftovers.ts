import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const patienceMs = 3_000;
const lookMs = 50;

/** Empty for a process that is gone, or that another user's is. */
const readProc = (pid: string, file: string): Promise<string> =>
  readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');

/** A zombie has no command line any more. The workers of Vitest are its own children, those of tests are not. */
const describeIfLeft = async (pid: string, mark: string): Promise<readonly string[]> => {
  const [environment, command, stat] = await Promise.all(['environ', 'cmdline', 'stat'].map((it) => readProc(pid, it)));
  const parent = Number(stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  if (!command || parent === process.pid || !(environment?.includes(mark) || command.includes(mark))) return [];
  return [`process ${pid}: ${command.replaceAll('\0', ' ').trim()}`];
};

/** The processes whose environment or command line has the run's folder in it; none where there is no /proc. */
const findProcesses = async (mark: string): Promise<readonly string[]> => {
  const pids = (await namesIn('/proc')).filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid);
  return (await Promise.all(pids.map((pid) => describeIfLeft(pid, mark)))).flat();
};

const namesIn = (folder: string): Promise<readonly string[]> => readdir(folder).catch(() => []);

/** Programs such as minikube and npm put logs and caches of their own here, which are not looked for. */
const findFolders = async (root: string): Promise<readonly string[]> =>
  [
    ...(await namesIn(root)).filter((name) => /^(tg|taskgate)-/.test(name)).map((name) => join(root, name)),
    // see runDir
    ...(await namesIn('/tmp'))
      .filter((name) => name.startsWith(`${basename(root)}-`))
      .map((name) => join('/tmp', name)),
  ].map((path) => `folder ${path}`);

const linesWith = async (path: string, mark: string): Promise<readonly string[]> => {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => (line.includes(mark) ? [`${path}: ${line}`] : []));
};

/** Mounts, users of the machine, and what sudo lets them do. */
const findInFiles = async (mark: string): Promise<readonly string[]> => {
  const rules = (await namesIn('/etc/sudoers.d')).map((name) => join('/etc/sudoers.d', name));
  const paths = ['/proc/self/mountinfo', '/etc/passwd', ...rules];
  return (await Promise.all(paths.map((path) => linesWith(path, mark)))).flat();
};

/** What is there at last: a process that was killed, or a test's clean-up in a worker, may need a moment. */
const findLeftovers = async (root: string): Promise<readonly string[]> => {
  const startMs = performance.now();
  for (;;) {
    const mark = basename(root);
    const left = [...(await findProcesses(mark)), ...(await findFolders(root)), ...(await findInFiles(mark))];
    if (left.length === 0 || performance.now() - startMs > patienceMs) return left;
    await pause(lookMs);
  }
};

/**
 * Gives a run a folder of its own for all temporary files, in the environment of its workers and of the processes that
 * tests start. Its end fails the run when a folder or a process is left, and removes the folders.
 */
export const setup = async (): Promise<() => Promise<void>> => {
  const before = process.env['TMPDIR'];
  const root = await mkdtemp(join(tmpdir(), 'tg-run-'));
  await chmod(root, 0o755); // some tests start processes as another user
  process.env['TMPDIR'] = root;
  return async () => {
    const left = await findLeftovers(root);
    for (const folder of [root, ...left.flatMap((one) => /^folder (\S+)$/.exec(one)?.[1] ?? [])]) {
      await rm(folder, { recursive: true, force: true });
    }
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
    if (left.length > 0) throw new Error(`left by the tests:\n  ${left.join('\n  ')}`);
  };
};
