import { copyFile, mkdir, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtifactSource, Item, Work } from '../../src/artifacts/item.ts';
import { detectPlatform, type Platform } from '../../src/artifacts/platform.ts';
import { xdgDirs } from '../../src/config/load.ts';
import { sha256 } from '../../src/lib/files.ts';
import { execaRunner } from '../../src/lib/process/runner.ts';
import { ensureItems } from '../rig/build.ts';
import { debianTreeSource, packagesSource, unpackTree } from '../rig/debian.ts';
import { makeReport, type Say } from '../rig/progress.ts';
import { vmPins } from './pins.ts';

/** Files of the machine's disk in the cache. */
export const imageFiles = { disk: 'disk.qcow2', kernel: 'vmlinuz', initrd: 'initrd.img' } as const;

const templatesDir = join(import.meta.dirname, '..', '..', 'templates');
const setupScript = join(templatesDir, 'vm', 'setup.sh');
const deadlineMs = 30 * 60_000;

/** The newest of a kind: `vmlinuz-6.1.0-50-amd64` of `vmlinuz`. Undefined where there is none. */
export const findBootFile = (names: readonly string[], kind: string): string | undefined =>
  names
    .filter((name) => name.startsWith(`${kind}-`))
    .toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .at(-1);

const setUpTree = async (tree: string, { runner, signal, report }: Work): Promise<void> => {
  report('building', 'setting the machine up');
  await copyFile(setupScript, join(tree, 'setup.sh'));
  await runner(['chroot', tree, 'sh', '/setup.sh'], { signal });
};

/** qemu starts the kernel itself, so that the disk needs no boot loader. */
const takeBootFiles = async (tree: string, dir: string): Promise<void> => {
  const names = await readdir(join(tree, 'boot'));
  for (const [kind, file] of [
    ['vmlinuz', imageFiles.kernel],
    ['initrd.img', imageFiles.initrd],
  ] as const) {
    const name = findBootFile(names, kind);
    if (name === undefined) throw new Error(`no ${kind} among ${names.join(', ')}`);
    await copyFile(join(tree, 'boot', name), join(dir, file));
  }
};

const writeDisk = async (tree: string, disk: string, { runner, signal, report }: Work): Promise<void> => {
  report('building', 'writing the disk');
  const raw = `${tree}.raw`;
  await writeFile(raw, '');
  await truncate(raw, vmPins.diskGiB * 2 ** 30);
  await runner(['mkfs.ext4', '-q', '-d', tree, raw], { signal });
  await runner(['qemu-img', 'convert', '-O', 'qcow2', raw, disk], { signal });
};

const diskSource = (debianTree: Item): ArtifactSource => ({
  name: 'assembled',
  make: async (dir, work) => {
    const tree = `${dir}.tree`;
    await unpackTree((await work.ensure(debianTree)).dir, tree, work);
    await setUpTree(tree, work);
    await mkdir(dir, { recursive: true });
    await takeBootFiles(tree, dir);
    await writeDisk(tree, join(dir, imageFiles.disk), work);
  },
});

/** The cache's items; each key says all that the item is made of. */
const makeItems = (setup: string, { arch, distribution }: Platform) => {
  const { suite, packages, hostPackages, diskGiB } = vmPins;
  const hash = (data: unknown): string => sha256(JSON.stringify(data)).slice(0, 8);
  const item = (name: string, version: string, on: string, source: ArtifactSource): Item => ({
    name,
    version,
    key: `${name}-${version}-${on}`,
    sources: [source],
  });
  const host = `${distribution}-${arch}`;
  const tools = item('host-packages', hash(hostPackages), host, packagesSource(hostPackages));
  const tree = debianTreeSource({ suite, packages }, tools);
  const debianTree = item('debian-tree', `${suite}-${hash(packages)}`, arch, tree);
  return { disk: item('disk', `${suite}-${hash([packages, diskGiB, setup])}`, arch, diskSource(debianTree)) };
};

/** The cache of the machine's disk: `~/.cache/taskgate-vm`. */
export const vmCacheDir = (env: Readonly<Record<string, string | undefined>>): string => `${xdgDirs(env).cacheDir}-vm`;

/** Makes the machine's disk once, and gives the folder with {@link imageFiles}. */
export const ensureImage = async (
  env: Readonly<Record<string, string | undefined>>,
  say: Say,
  signal: AbortSignal,
): Promise<string> => {
  const platform = await detectPlatform();
  const { disk } = await ensureItems(makeItems(await readFile(setupScript, 'utf8'), platform), {
    templatesDir,
    runner: execaRunner,
    signal: AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]),
    network: { proxyEnv: env },
    report: makeReport(say),
    cacheDir: vmCacheDir(env),
    arch: platform.arch,
  });
  return disk.dir;
};
