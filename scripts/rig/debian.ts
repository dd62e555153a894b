import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtifactSource, Item, Work } from '../../src/artifacts/item.ts';
import { aptCommand } from '../../src/artifacts/sources/debian.ts';
import type { Command } from '../../src/lib/process/runner.ts';

/** Downloads Debian packages by the machine's own apt configuration and unpacks them; nothing is installed. */
export const packagesSource = (packages: readonly string[]): ArtifactSource => ({
  name: 'debian',
  make: async (dir, { runner, signal, report }) => {
    const aptDir = `${dir}.apt`;
    const debsDir = join(aptDir, 'debs');
    for (const path of [dir, debsDir, join(aptDir, 'state/lists/partial'), join(aptDir, 'cache/archives/partial')]) {
      await mkdir(path, { recursive: true });
    }
    await writeFile(join(aptDir, 'state/status'), '');
    report('downloading', packages.join(', '));
    await runner(aptCommand(aptDir, 'update'), { signal });
    await runner(aptCommand(aptDir, 'download', ...packages), { cwd: debsDir, signal });
    for (const deb of await readdir(debsDir)) await runner(['dpkg-deb', '-x', join(debsDir, deb), dir], { signal });
    // the cache takes a link to nothing, here to a package that is left out, for damage
    await runner(['find', dir, '-xtype', 'l', '-delete'], { signal });
  },
});

const listMirrorsCommand: Command = [
  ...(['apt-get', 'indextargets', '--format', '$(REPO_URI) $(RELEASE) $(COMPONENT)'] as const),
  'Created-By: Packages',
];

/** The repository from which this machine has a suite's main packages; undefined when it has it from nowhere. */
export const parseMirror = (targets: string, suite: string): string | undefined =>
  targets
    .split('\n')
    .map((line) => line.split(' '))
    .find(([, release, component]) => release === suite && component === 'main')?.[0];

/** Packs a tree of files with their owners and modes. */
export const packTree = (tree: string, archive: string, { runner, signal }: Work) =>
  runner(['tar', '--numeric-owner', '-C', tree, '-cf', archive, '.'], { signal });

const treeArchive = 'tree.tar';

/** Unpacks what {@link debianTreeSource} made. */
export const unpackTree = async (dir: string, tree: string, { runner, signal }: Work): Promise<void> => {
  await mkdir(tree, { recursive: true });
  await runner(['tar', '--numeric-owner', '-C', tree, '-xpf', join(dir, treeArchive)], { signal });
};

/** A whole Debian system of the given packages, packed. Its mounts end with the namespaces that it is made in. */
export const debianTreeSource = (
  { suite, packages }: { readonly suite: string; readonly packages: readonly string[] },
  debootstrap: Item,
): ArtifactSource => ({
  name: 'debian',
  make: async (dir, work) => {
    const { runner, signal, report } = work;
    const tree = `${dir}.tree`;
    const root = (await work.ensure(debootstrap)).dir;
    const mirror = parseMirror((await runner(listMirrorsCommand, { signal })).stdout, suite);
    const command: Command = [
      ...(['unshare', '--mount', '--pid', '--fork', '--kill-child'] as const),
      join(root, 'usr/sbin/debootstrap'),
      ...['--variant=minbase', '--components=main', `--include=${packages.join(',')}`, suite, tree],
      ...(mirror ? [mirror] : []),
    ];
    // a tree that a crash would leave half written is thrown away, so dpkg need not wait for the disk
    const env = { DEBOOTSTRAP_DIR: join(root, 'usr/share/debootstrap'), DPKG_FORCE: 'unsafe-io' };
    await runner(command, { env, signal, onLine: (line) => report('building', line.replace(/^I: /, '')) });
    await mkdir(dir, { recursive: true });
    await packTree(tree, join(dir, treeArchive), work);
  },
});
