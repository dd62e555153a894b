import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

const lines = (text: string): readonly string[] => text.split('\n').filter(Boolean).toSorted();
const output = async (command: string, ...args: readonly string[]): Promise<readonly string[]> =>
  lines((await execa(command, args)).stdout);

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

/** Network namespaces that have a name, with what belongs to them: those of other tests, a native node's has none. */
const ofNamedNamespace = /\btg[a-z]+-[0-9a-f]+|\/run\/netns\b|\b(?:192\.0\.2|198\.18|198\.51\.100|203\.0\.113)\./;

/** Whether a name (of a link, a cgroup) is of another taskgate instance, or another test, which may come and go meanwhile. */
const isForeign = (text: string, marks: readonly string[]): boolean => {
  const [, metric] = /^unreachable .* proto 214 metric (\d+)/.exec(text) ?? [];
  // see src/cluster/native/block.ts
  if (metric) return !marks.some((mark) => Number(metric) === 2 ** 30 + (Number.parseInt(mark, 16) % 2 ** 30));
  if (ofNamedNamespace.test(text)) return true;
  const [, mark] = /(?:\btg|taskgate-[a-z0-9-]+)-([0-9a-f]{8})\b/.exec(text) ?? [];
  return mark !== undefined && !marks.includes(mark);
};

const namedNamespaces = async (): Promise<readonly string[]> => {
  const names = await readdir('/run/netns').catch(() => []);
  const inodes = await Promise.all(names.map((name) => stat(`/run/netns/${name}`).catch(() => undefined)));
  return inodes.map((found) => `net:[${found?.ino}]`);
};

const pidsOfOthersLeftOut = async (marks: readonly string[]): Promise<readonly string[]> => {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
  const named = await namedNamespaces();
  const kept = await Promise.all(
    pids.map(async (pid) => {
      const cgroups = await readOrNothing(`/proc/${pid}/cgroup`, (path) => readFile(path, 'utf8'));
      const network = await readOrNothing(`/proc/${pid}/ns/net`, readlink);
      return isForeign(cgroups, marks) || named.includes(network) ? [] : [pid];
    }),
  );
  return kept.flat();
};

/** API servers without a node, which other suites start from the same cache. */
const ofApiServer = /\/tg-api-[^/]+\//;

/** Processes that run one of our programs or work on one of our folders, by pid and command line. */
const ownProcesses = async (pids: readonly string[], folders: readonly string[]): Promise<readonly string[]> => {
  const found = await Promise.all(
    pids.map(async (pid) => {
      const text = await readOrNothing(`/proc/${pid}/cmdline`, (path) => readFile(path, 'utf8'));
      const commandLine = text.replaceAll('\0', ' ');
      const program = await readOrNothing(`/proc/${pid}/exe`, readlink);
      const isOwn = folders.some((folder) => commandLine.includes(`${folder}/`) || program.startsWith(`${folder}/`));
      return isOwn && !ofApiServer.test(commandLine) ? [`${pid} ${commandLine}`] : [];
    }),
  );
  return found.flat();
};

const namespacesOf = async (pids: readonly string[]): Promise<readonly string[]> => {
  const kinds = ['net', 'pid', 'mnt'];
  const links = await Promise.all(
    pids.flatMap((pid) => kinds.map((kind) => readOrNothing(join('/proc', pid, 'ns', kind), readlink))),
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

export type SnapshotInput = {
  /** State and cache folder: a process that works on them is ours. */
  readonly folders: readonly string[];
  /** What marks the instances under test on this host; those of others are left out. */
  readonly marks: readonly string[];
  /** An iptables-save with its libraries, so that hosts without one can be compared too. */
  readonly iptablesSave: readonly [string, ...string[]];
};

/** What a native cluster could leave on the host. */
export const takeHostSnapshot = async ({ folders, marks, iptablesSave }: SnapshotInput) => {
  const own = (texts: readonly string[]): readonly string[] => texts.filter((text) => !isForeign(text, marks));
  const pids = await pidsOfOthersLeftOut(marks);
  return {
    mounts: own(
      lines(await readFile('/proc/self/mountinfo', 'utf8')).map((line) => line.split(' ').slice(4).join(' ')),
    ).toSorted(),
    // what mount(8) remembers of mounts, those of other mount namespaces included
    rememberedMounts: lines(await readOrNothing('/run/mount/utab', (path) => readFile(path, 'utf8'))),
    links: own((await output('ip', '-o', 'link')).map((line) => line.split(': ')[1] ?? '')).toSorted(),
    routes: own(await output('ip', 'route', 'show', 'table', 'all')),
    cgroups: own(await output('find', '/sys/fs/cgroup', '-type', 'd')),
    sysctls: await readSysctls(),
    processes: await ownProcesses(pids, folders),
    namespaces: await namespacesOf(pids),
    fixedPaths: await listFixed(),
    iptables: (await output(...iptablesSave)).filter((line) => !line.startsWith('#')),
  };
};
