import { access, constants, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Obstacle } from '../provider.ts';
import { systemPath } from './components.ts';

/** Programs of the host that the native provider calls, and the Debian package of each. */
const tools = {
  unshare: 'util-linux',
  nsenter: 'util-linux',
  mount: 'mount',
  ip: 'iproute2',
  sh: 'dash',
} as const;

/** What of the machine matters here; read once by the caller, so that judging it is pure. */
export type Machine = {
  readonly platform: string;
  readonly uid: number;
  readonly missingTools: readonly string[];
  readonly filesystems: string;
  readonly instanceDir: string;
};

/** Everything that is in the way of a native cluster on this machine. */
export const judgeMachine = ({
  platform,
  uid,
  missingTools,
  filesystems,
  instanceDir,
}: Machine): readonly Obstacle[] => {
  if (platform !== 'linux') {
    return [{ what: `the native provider runs on Linux only, this is ${platform}`, hint: 'use a Linux machine or VM' }];
  }
  const obstacles: Obstacle[] = missingTools.map((tool) => ({
    what: `the program '${tool}' was not found on PATH`,
    hint: `install the package ${tools[tool as keyof typeof tools]}`,
  }));
  if (uid !== 0) {
    obstacles.push({
      what: `the native provider makes namespaces, cgroups and a network link, which needs root; this is uid ${uid}`,
      hint: 'run it as root, or allow sudo without a password for this user',
    });
  }
  if (!/\boverlay\b/.test(filesystems)) {
    obstacles.push({ what: 'the kernel has no overlayfs (/proc/filesystems)', hint: 'run: modprobe overlay' });
  }
  if (instanceDir.startsWith('/run/')) {
    obstacles.push({
      what: `the state folder ${instanceDir} is below /run, which the node hides`,
      hint: 'set XDG_STATE_HOME to a folder on a disk',
    });
  }
  return obstacles;
};

const isInstalled = async (tool: string): Promise<boolean> => {
  const tries = await Promise.allSettled(systemPath.map((folder) => access(join(folder, tool), constants.X_OK)));
  return tries.some(({ status }) => status === 'fulfilled');
};

/** What keeps this machine from running a native cluster with this folder. */
export const verifyMachine = async (instanceDir: string): Promise<readonly Obstacle[]> => {
  const installed = await Promise.all(
    Object.keys(tools).map(async (tool) => ({ tool, there: await isInstalled(tool) })),
  );
  return judgeMachine({
    platform: process.platform,
    uid: process.getuid?.() ?? -1,
    missingTools: installed.filter(({ there }) => !there).map(({ tool }) => tool),
    filesystems: process.platform === 'linux' ? await readFile('/proc/filesystems', 'utf8') : '',
    instanceDir,
  });
};
