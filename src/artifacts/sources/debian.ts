import { chmod, mkdir, readdir, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { isAbsolute, join, relative } from 'node:path';
import { messageOf, UserError } from '../../lib/errors.ts';
import { isThere } from '../../lib/files.ts';
import { type Command, CommandError } from '../../lib/process/runner.ts';
import type { DebianPin } from '../../model/pins.ts';
import type { ArtifactSource, Work } from '../item.ts';
import { debianEnvironment, runtimePaths, runtimePrograms } from '../runtime.ts';
import { runTool, type Tool } from './tool.ts';

/** With lists and downloads in a separate folder, apt needs no root and does not change the system. It still verifies signatures. */
export const aptCommand = (dir: string, ...args: readonly string[]): Command => [
  'apt-get',
  ...[
    `Dir::State=${dir}/state`,
    `Dir::State::status=${dir}/state/status`,
    `Dir::Cache=${dir}/cache`,
    'APT::Sandbox::User=root',
    'Acquire::Languages=none',
    'Acquire::Retries=2',
    'Acquire::http::Timeout=10',
    'Acquire::https::Timeout=10',
  ].flatMap((option) => ['-o', option]),
  ...args,
];

export const apt: Tool = {
  name: 'apt',
  missing: {
    id: 'artifact.apt-missing',
    hint: 'use a Debian or Ubuntu machine, install containerd, runc, CNI plugins and iptables, or give --bundle',
  },
  known: [
    {
      pattern: /Unable to locate package (\S+)/,
      message: (_, name) => `apt does not find package ${name}: can its lists be downloaded?`,
      id: 'artifact.unavailable',
      hint: 'try `apt-get update`, or give --mirror or --bundle',
    },
  ],
  otherwise: { id: 'artifact.unavailable', hint: 'try `apt-get update`, or give --mirror or --bundle' },
};

/** Gets the lists of packages into a folder of apt's that knows of no installed package. */
export const updateLists = async (work: Work, aptDir: string): Promise<void> => {
  const folders = ['state/lists/partial', 'cache/archives/partial', 'debs'];
  await Promise.all(folders.map((path) => mkdir(join(aptDir, path), { recursive: true })));
  await writeFile(join(aptDir, 'state/status'), '');
  work.report('downloading', 'package lists, waiting for apt');
  await runTool(work, aptCommand(aptDir, 'update'), { tool: apt });
};

const fetchPackages = async (work: Work, { packages }: DebianPin, aptDir: string): Promise<readonly string[]> => {
  const debsDir = join(aptDir, 'debs');
  await updateLists(work, aptDir);
  let done = 0;
  const onLine = (line: string) => {
    if (!line.startsWith('Get:')) return;
    done += 1;
    work.report('downloading', `${done} of ${packages.length} packages`, line.split(' ')[4]);
  };
  await runTool(work, aptCommand(aptDir, 'download', ...packages), { tool: apt, cwd: debsDir, onLine });
  return (await readdir(debsDir)).sort();
};

/** Creates the links that the installation of the package would create. */
const linkIptables = async (dir: string): Promise<void> => {
  for (const name of runtimePrograms.filter((program) => /^ip6?tables/.test(program))) {
    const path = join(dir, runtimePaths[name]);
    await rm(path, { force: true });
    await symlink('xtables-nft-multi', path);
  }
};

/**
 * Absolute links, such as that of libc6 to the dynamic linker, count from the root of the packages, not of this machine:
 * they become relative. One that leads to nothing in the packages goes.
 */
export const rebaseLinks = async (dir: string): Promise<void> => {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const links = entries.filter((entry) => entry.isSymbolicLink());
  const rebased: string[] = [];
  for (const { parentPath, name } of links) {
    const path = join(parentPath, name);
    const target = await readlink(path);
    if (!isAbsolute(target)) continue;
    await rm(path);
    await symlink(relative(parentPath, join(dir, target)), path);
    rebased.push(path);
  }
  for (const path of rebased) if (!(await isThere(path))) await rm(path);
};

/** Runs each program, to find a missing library here rather than in a node that does not start. */
export const verifyRuns = async (work: Work, dir: string, env: Readonly<Record<string, string>>): Promise<void> => {
  for (const name of runtimePrograms) {
    const flag = name === 'containerd-shim-runc-v2' ? '-v' : '--version';
    try {
      await work.runner([join(dir, runtimePaths[name]), flag], { env, signal: work.signal, timeoutMs: 20_000 });
    } catch (error) {
      work.signal.throwIfAborted();
      if (!(error instanceof CommandError)) throw error;
      throw new UserError(`${name} does not run here: ${messageOf(error)}`, {
        id: 'artifact.does-not-run',
        hint: `install the missing library, or ${name}, on this machine`,
        cause: error,
      });
    }
  }
};

/** Unpacks the distribution's packages into the cache, without installing them. */
export const packagesSource = (pin: DebianPin): ArtifactSource => ({
  name: 'debian',
  make: async (dir, work) => {
    const aptDir = `${dir}.apt`;
    const debs = await fetchPackages(work, pin, aptDir);
    await mkdir(dir, { recursive: true });
    for (const deb of debs) {
      work.report('building', `unpacking ${deb}`);
      await runTool(work, ['dpkg-deb', '-x', join(aptDir, 'debs', deb), dir], { tool: apt });
    }
    await chmod(dir, 0o755);
    await rebaseLinks(dir);
    if (pin.packages.includes('iptables')) await linkIptables(dir);
    await writeFile(join(dir, 'packages.txt'), `${debs.join('\n')}\n`);
  },
});

/** The packages of the container runtime, each program of which is run once. */
export const debianSource = (pin: DebianPin): ArtifactSource => {
  const { name, make } = packagesSource(pin);
  return {
    name,
    make: async (dir, work) => {
      await make(dir, work);
      await verifyRuns(work, dir, debianEnvironment(dir, work.arch));
    },
  };
};
