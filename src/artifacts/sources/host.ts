import { mkdir, stat, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hasCode, UserError } from '../../lib/errors.ts';
import type { ArtifactSource } from '../item.ts';
import { cniPlugins, cniPluginsPath, ipsetPath, runtimePaths, runtimePrograms } from '../runtime.ts';
import { verifyRuns } from './debian.ts';

const cniDirs = ['/opt/cni/bin', '/usr/lib/cni', '/usr/libexec/cni'];

/** The package to install for a program. */
const packageOf = (program: string): string => {
  if (/^ip6?tables/.test(program)) return 'iptables';
  if (program === 'runc') return 'runc';
  return (cniPlugins as readonly string[]).includes(program) ? 'containernetworking-plugins' : 'containerd';
};

const findIn = async (dirs: readonly string[], name: string): Promise<string | undefined> => {
  for (const dir of dirs) {
    try {
      if ((await stat(join(dir, name))).isFile()) return join(dir, name);
    } catch (error) {
      if (!hasCode(error, 'ENOENT') && !hasCode(error, 'ENOTDIR') && !hasCode(error, 'EACCES')) throw error;
    }
  }
  return undefined;
};

/** Links to programs of this machine, at the paths where packages would install them. */
export const hostSource = (searchPath: readonly string[], pluginDirs: readonly string[] = cniDirs): ArtifactSource => ({
  name: 'host',
  make: async (dir, work) => {
    const wanted = [
      ...runtimePrograms.map((name) => ({ name, path: runtimePaths[name] as string, dirs: searchPath })),
      ...cniPlugins.map((name) => ({ name, path: join(cniPluginsPath, name), dirs: pluginDirs })),
    ];
    const found = await Promise.all(
      wanted.map(async (each) => ({ ...each, target: await findIn(each.dirs, each.name) })),
    );
    const missing = found.filter(({ target }) => !target).map(({ name }) => name);
    if (missing.length > 0) {
      const packages = [...new Set(missing.map(packageOf))].join(', ');
      throw new UserError(`not on this machine: ${missing.join(', ')}`, {
        id: 'artifact.runtime-missing',
        hint: `install ${packages}, or give --bundle`,
      });
    }
    for (const { path, target } of found) {
      await mkdir(dirname(join(dir, path)), { recursive: true });
      if (target) await symlink(target, join(dir, path));
    }
    await verifyRuns(work, dir, {});
  },
});

/** A link to this machine's ipset, where its package would install it. */
export const hostIpset = (searchPath: readonly string[]): ArtifactSource => ({
  name: 'host',
  make: async (dir) => {
    const target = await findIn(searchPath, 'ipset');
    if (!target) {
      const hint = 'install ipset, or give --bundle; without network.policies it is not needed';
      throw new UserError('not on this machine: ipset', { id: 'artifact.runtime-missing', hint });
    }
    await mkdir(dirname(join(dir, ipsetPath)), { recursive: true });
    await symlink(target, join(dir, ipsetPath));
  },
});
