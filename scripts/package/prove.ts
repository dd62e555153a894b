import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { $ as shell } from 'zx';

const $ = shell({ verbose: true });

const root = join(import.meta.dirname, '..', '..');
const targetSeconds = 15;

/** The oldest versions that `engines` allows. */
const floors = ['22.19.0', '24.3.0'] as const;

/** npm and npx as somebody has them who has no checkout: without what this npm run has put into the environment. */
const outside = (state: string): NodeJS.ProcessEnv => {
  const own = (key: string): boolean => /^npm_(lifecycle|package|command|execpath)|^NODE$|^INIT_CWD$/.test(key);
  const path = (process.env['PATH'] ?? '').split(':').filter((folder) => !folder.endsWith('node_modules/.bin'));
  const kept = Object.entries(process.env).filter(([key]) => !own(key));
  return { ...Object.fromEntries(kept), PATH: path.join(':'), XDG_STATE_HOME: state };
};

/** How long until somebody who has the tarball sees a version. */
const measureGlobalInstall = async (tarball: string, prefix: string, env: NodeJS.ProcessEnv): Promise<string> => {
  const startedAt = performance.now();
  await $({ env })`npm install --global --prefix ${prefix} --no-audit --no-fund ${tarball}`;
  await $({ env })`${join(prefix, 'bin', 'taskgate')} --version`;
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  return `figure: seconds from npm install --global to taskgate --version: ${seconds} [<= ${targetSeconds}]`;
};

/** The oldest Node.js there may be runs the package. */
const tryFloor = async (version: string, dir: string, project: string, env: NodeJS.ProcessEnv): Promise<void> => {
  const folder = join(dir, version);
  await mkdir(folder);
  const name = `node-${process.platform}-${process.arch}@${version}`;
  await $({ env, cwd: folder })`npm install --ignore-scripts --no-save --no-audit --no-fund --prefix ${folder} ${name}`;
  const PATH = `${join(folder, 'node_modules', '.bin')}:${env['PATH']}`;
  await $({ env: { ...env, PATH }, cwd: project })`node_modules/.bin/taskgate status`;
};

/**
 * Packs this checkout, installs the tarball globally and in an empty folder, and brings a cluster up, by the installed program,
 * to a proof. `say` prints the figure. Throws what failed.
 */
export const provePackage = async (say: (line: string) => void): Promise<void> => {
  const dir = await mkdtemp(join(tmpdir(), 'tg-package-'));
  const env = outside(join(dir, 'state'));
  const project = join(dir, 'empty');
  await mkdir(project);
  try {
    await $({ cwd: root })`npm pack --pack-destination ${dir}`;
    const tarball = (await $`ls ${dir}/`).stdout.split('\n').find((name) => name.endsWith('.tgz')) ?? '';
    say(await measureGlobalInstall(join(dir, tarball), join(dir, 'global'), env));
    await $({ env, cwd: project })`npm install --no-audit --no-fund ${join(dir, tarball)}`;
    for (const version of floors) await tryFloor(version, dir, project, env);
    const taskgate = ['npx', '--', 'taskgate'];
    try {
      await $({ env, cwd: project })`${taskgate} up --provider native --name packed --master-port 18099`;
      await $({ env, cwd: project })`${taskgate} status --name packed`;
    } finally {
      await $({ env, cwd: project })`${taskgate} down --name packed --if-exists`;
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
};
