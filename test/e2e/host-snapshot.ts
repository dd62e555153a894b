import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

const lines = (text: string): readonly string[] => text.split('\n').filter(Boolean).toSorted();
const output = async (command: string, ...args: readonly string[]) => lines((await execa(command, args)).stdout);

const sysctls = [
  'vm/overcommit_memory',
  'vm/panic_on_oom',
  'kernel/panic',
  'kernel/panic_on_oops',
  'kernel/keys/root_maxkeys',
  'net/ipv4/ip_forward',
];

const readSysctls = () =>
  Promise.all(sysctls.map(async (name) => `${name} ${(await readFile(`/proc/sys/${name}`, 'utf8')).trim()}`));

const readOrNothing = async (path: string, read: (path: string) => Promise<string>): Promise<string> => {
  try {
    return await read(path);
  } catch {
    return ''; // a process may end while we look
  }
};

/** Processes that run one of our programs or work on one of our folders, by pid and command line. */
const ownProcesses = async (folders: readonly string[]): Promise<readonly string[]> => {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const commandLine = (await readOrNothing(`/proc/${pid}/cmdline`, (path) => readFile(path, 'utf8'))).replaceAll(
        '\0',
        ' ',
      );
      const program = await readOrNothing(`/proc/${pid}/exe`, readlink);
      return folders.some((folder) => commandLine.includes(folder) || program.startsWith(folder))
        ? [`${pid} ${commandLine}`]
        : [];
    }),
  );
  return found.flat();
};

const namespaces = async (): Promise<readonly string[]> => {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const links = await Promise.all(
    pids.flatMap((pid) => ['net', 'pid', 'mnt'].map((kind) => readOrNothing(join('/proc', pid, 'ns', kind), readlink))),
  );
  return [...new Set(links)].filter(Boolean).toSorted();
};

/** Fixed paths outside the state folder at which Kubernetes' programs leave things. */
const fixedPaths = ['/var/lib', '/var/log', '/run', '/etc/cni', '/opt/cni'];
const listFixed = async () =>
  (
    await Promise.all(
      fixedPaths.map(async (path) => (await readdir(path).catch(() => [])).map((name) => `${path}/${name}`)),
    )
  )
    .flat()
    .toSorted();

/**
 * What a native cluster could leave on the host. `toolsDir` holds an iptables-save with its libraries, so that hosts
 * without one can be compared too.
 */
export const takeHostSnapshot = async (folders: readonly string[], iptablesSave: readonly string[]) => ({
  mounts: lines(await readFile('/proc/self/mountinfo', 'utf8'))
    .map((line) => line.split(' ').slice(4).join(' '))
    .toSorted(),
  links: (await output('ip', '-o', 'link')).map((line) => line.split(': ')[1]).toSorted(),
  routes: await output('ip', 'route', 'show', 'table', 'all'),
  cgroups: await output('find', '/sys/fs/cgroup', '-type', 'd'),
  sysctls: await readSysctls(),
  processes: await ownProcesses(folders),
  namespaces: await namespaces(),
  fixedPaths: await listFixed(),
  iptables:
    iptablesSave.length > 0
      ? (await output(...(iptablesSave as [string, ...string[]]))).filter((line) => !line.startsWith('#'))
      : [],
});
