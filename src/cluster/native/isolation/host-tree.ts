import { lstat, readdir, readFile, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { findStat, ignoreAbsence, isThere } from '../../../lib/files.ts';
import type { NodeSoftware } from '../spec.ts';

/** What a node is given of the host's file tree. Only paths that exist; a node sees nothing else of it. */
export type HostTree = {
  /** Folders and files with programs and libraries, in the order in which they are mounted: read-only. */
  readonly programs: readonly string[];
  /** Those of them that are files: mount(8) makes folders to mount on, but no files. */
  readonly programFiles: readonly string[];
  /** Links at the top of the tree, such as /bin, device nodes, and links of /etc: copied as they are. */
  readonly copied: readonly string[];
  /** Files of /etc: their content is copied. */
  readonly etcFiles: readonly string[];
  /** Kernel files that are shown empty, and files and folders that are shown read-only. */
  readonly emptied: readonly string[];
  readonly sealed: readonly string[];
  /** Mounts that hold the program of this process and its libraries; the supervisor runs the same. */
  readonly programMounts: readonly string[];
};

const systemFolders = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/nix/store'];
/** The first is NixOS's link into its store, by which its programs are found. */
const copied = ['/run/current-system', '/etc/alternatives', '/dev/fd', '/dev/stdin', '/dev/stdout', '/dev/stderr'];
/** The first certificate file is the one that Go's crypto/x509 finds first; the others are those of other distributions. */
const etcFiles = [
  ...['hosts', 'ld.so.cache', 'localtime', 'nsswitch.conf', 'os-release', 'protocols', 'resolv.conf', 'services'],
  ...['ssl/certs/ca-certificates.crt', 'pki/tls/certs/ca-bundle.crt', 'ssl/ca-bundle.pem', 'ssl/cert.pem'],
].map((name) => `/etc/${name}`);
/** Copies, since a change of mode would reach the host's. No disk, no memory, no terminal of the host. fuse and tun belong to the mount and the network namespace. */
const devices = ['null', 'zero', 'full', 'random', 'urandom', 'tty', 'fuse', 'net/tun'].map((name) => `/dev/${name}`);
/** As runc does it for containers that are not privileged (masked and read-only paths of its default spec). */
const emptied = ['kcore', 'keys', 'latency_stats', 'sched_debug', 'timer_list'].map((name) => `/proc/${name}`);
const sealed = ['bus', 'fs', 'irq', 'sysrq-trigger'].map((name) => `/proc/${name}`);

const isBelow = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);

/** Mount points from the text of /proc/self/mountinfo (proc(5)), which writes blanks in octal. */
export const parseMountPoints = (mountinfo: string): readonly string[] =>
  mountinfo.split('\n').flatMap((line) => {
    const path = line.split(' ')[4];
    return path ? [path.replaceAll(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)))] : [];
  });

/** Files that a process has mapped, from the text of its /proc/PID/maps (proc(5)). */
const parseMappedFiles = (maps: string): readonly string[] => [
  ...new Set(maps.split('\n').flatMap((line) => /\s(\/.*)$/.exec(line)?.[1] ?? [])),
];

/** The mount points of files, each once. */
export const mountPointsOf = (files: readonly string[], mountPoints: readonly string[]): readonly string[] => {
  const longest = (file: string) =>
    mountPoints
      .filter((point) => point === '/' || isBelow(file, point))
      .toSorted((a, b) => b.length - a.length)
      .slice(0, 1);
  return [...new Set(files.flatMap(longest))];
};

/** Folders without those that lie below others, and in an order in which a mount never hides another one. */
export const outermost = (folders: readonly string[]): readonly string[] => {
  const sorted = [...new Set(folders)].toSorted();
  return sorted.filter((folder) => !sorted.some((other) => other !== folder && isBelow(folder, other)));
};

const existing = async (paths: readonly string[]): Promise<readonly string[]> => {
  const found = await Promise.all(paths.map(isThere));
  return paths.filter((_, index) => found[index]);
};

/** Links at the top of a tree with a merged /usr, and the folders. */
const findSystemFolders = async () => {
  const stats = await Promise.all(systemFolders.map((path) => lstat(path).catch(ignoreAbsence)));
  return {
    links: systemFolders.filter((_, index) => stats[index]?.isSymbolicLink()),
    folders: systemFolders.filter((_, index) => stats[index]?.isDirectory()),
  };
};

/** Programs by name; none for a trial. */
type TreeSoftware = Pick<NodeSoftware, 'cniPluginsDir' | 'path' | 'env' | 'policyEngine'> & {
  readonly binaries: Readonly<Record<string, string>>;
};

/** The folders in which the node finds its own programs and their libraries. */
const softwareFolders = ({ binaries, cniPluginsDir, path, env, policyEngine: engine }: TreeSoftware) => [
  ...Object.values(binaries).map((program) => dirname(program)),
  ...[cniPluginsDir, ...path],
  ...Object.values(env).flatMap((value) => value.split(':').filter((part) => part.startsWith('/'))),
  ...(engine ? [dirname(engine.kubeRouter), ...engine.path, ...engine.libraries] : []),
];

/** Where the links in folders of programs lead: programs of this machine stand in the cache as links to them. */
const linkTargets = async (folder: string): Promise<readonly string[]> => {
  const entries = (await readdir(folder, { withFileTypes: true }).catch(ignoreAbsence)) ?? [];
  const links = entries.filter((entry) => entry.isSymbolicLink()).map(({ name }) => join(folder, name));
  return (await Promise.all(links.map((link) => realpath(link).catch(ignoreAbsence)))).filter(
    (path) => path !== undefined,
  );
};

const filesAmong = async (paths: readonly string[]): Promise<readonly string[]> => {
  const stats = await Promise.all(paths.map((path) => findStat(path)));
  return paths.filter((_, index) => stats[index]?.isFile());
};

/** Looks up what a node with this software needs of this host. */
export const readHostTree = async (software: TreeSoftware): Promise<HostTree> => {
  const [mountinfo, maps, shell, { links, folders }] = await Promise.all([
    readFile('/proc/self/mountinfo', 'utf8'),
    readFile('/proc/self/maps', 'utf8'),
    realpath('/bin/sh'),
    findSystemFolders(),
  ]);
  const mountPoints = parseMountPoints(mountinfo);
  const wanted = await existing(softwareFolders(software));
  const targets = (await Promise.all(wanted.map(linkTargets))).flat();
  const own = outermost([...wanted, ...targets].filter((path) => !folders.some((folder) => isBelow(path, folder))));
  const submounts = mountPoints.filter((point) =>
    [...folders, ...own].some((folder) => point.startsWith(`${folder}/`)),
  );
  return {
    programs: [...folders, ...own, ...new Set(submounts)],
    programFiles: await filesAmong(own),
    copied: [...links, ...(await existing([...copied, ...devices]))],
    etcFiles: await existing(etcFiles),
    emptied: await existing(emptied),
    sealed: await existing(sealed),
    programMounts: mountPointsOf([...parseMappedFiles(maps), shell], mountPoints),
  };
};
