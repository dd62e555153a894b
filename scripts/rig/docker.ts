import { chmod, copyFile, mkdir, mkdtemp, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { $ } from 'zx';
import { debianEnvironment } from '../../src/artifacts/runtime.ts';
import { systemPath } from '../../src/lib/process/system-path.ts';
import type { Child } from '../../src/supervisor/spec.ts';
import type { Rig } from './build.ts';
import { keepDataRoot, seedDataRoot } from './data-root.ts';
import { insideCommand, insideEnvironment } from './inside.ts';
import { insideDir, type Namespaces, startNamespaces } from './namespaces.ts';
import type { Say } from './progress.ts';

/** The daemon, and how it finds its programs and libraries: nothing of them is installed. */
const dockerd = ({ artifacts, hostPackagesDir, arch }: Rig): Child => {
  const own = debianEnvironment(hostPackagesDir, arch);
  const libraries = [artifacts.env['LD_LIBRARY_PATH'], own['LD_LIBRARY_PATH']].filter(Boolean);
  const programs = ['usr/bin', 'usr/sbin'].map((path) => join(hostPackagesDir, path));
  return {
    name: 'dockerd',
    after: [],
    probe: { kind: 'socket', path: '/run/docker.sock' },
    command: [
      join(hostPackagesDir, 'usr/sbin/dockerd'),
      `--data-root=${insideDir}/docker`,
      '--exec-root=/run/docker',
      '--pidfile=/run/docker.pid',
      '--host=unix:///run/docker.sock',
      '--storage-driver=overlay2',
      `--add-runtime=rig=${insideDir}/runc`,
      '--default-runtime=rig',
    ],
    env: {
      ...artifacts.env,
      LD_LIBRARY_PATH: libraries.join(':'),
      PATH: [...programs, ...artifacts.path, ...systemPath].join(':'),
    },
  };
};

/** Makes the folder of one run. It is removed with the namespaces. */
const makeRunDir = async ({ cacheDir, templatesDir, artifacts }: Rig): Promise<string> => {
  const runsDir = join(cacheDir, 'runs');
  await mkdir(runsDir, { recursive: true });
  const runDir = await mkdtemp(join(runsDir, 'run-'));
  await Promise.all(['logs', 'tmp'].map((name) => mkdir(join(runDir, name))));
  await copyFile(join(templatesDir, 'runc'), join(runDir, 'runc'));
  await chmod(join(runDir, 'runc'), 0o755);
  await symlink(artifacts.binaries.runc, join(runDir, 'runc.real'));
  return runDir;
};

const loadNodeImage = async (rig: Rig, { pid, runDir }: Namespaces, signal: AbortSignal): Promise<void> => {
  const load = insideCommand(pid, ['docker', 'load', '--quiet'], { cwd: '/', env: insideEnvironment(rig, '') });
  await $({ signal, quiet: true })`tar -C ${rig.nodeImage.dir} -c manifest.json config.json layer.tar | ${load}`;
  await keepDataRoot(rig, runDir);
};

/** Starts a private Docker daemon that has the node image. */
export const startDocker = async (
  rig: Rig,
  { say, signal }: { readonly say: Say; readonly signal: AbortSignal },
): Promise<Namespaces> => {
  const runDir = await makeRunDir(rig);
  const isSeeded = await seedDataRoot(rig, runDir);
  const namespaces = await startNamespaces({ ...rig, runDir, child: dockerd(rig) }, signal);
  try {
    if (!isSeeded) {
      say('loading the node image into Docker, once');
      await loadNodeImage(rig, namespaces, signal);
    }
    say('Docker is ready');
    return namespaces;
  } catch (error) {
    await namespaces.end();
    throw error;
  }
};
