import { dirname, join } from 'node:path';
import { childrenOf } from '../../src/lib/process/processes.ts';
import type { Command } from '../../src/lib/process/runner.ts';
import type { Rig } from './build.ts';
import { insideDir } from './namespaces.ts';
import { kindPins, rigPins } from './pins.ts';

/** What a node without a network, made from the rig's image, wants `minikube start` to be told. */
const startArgs = ['--preload=false', '--cache-images=false', '--cni=bridge', '--install-addons=false'];

/** What a command inside is told by its environment. */
export const insideEnvironment = (
  { artifacts, hostPackagesDir, minikubeDir, kindDir }: Rig,
  path: string,
): Readonly<Record<string, string>> => ({
  PATH: [minikubeDir, kindDir, join(hostPackagesDir, 'usr/bin'), dirname(artifacts.binaries.kubectl), path].join(':'),
  DOCKER_HOST: 'unix:///run/docker.sock',
  KUBECONFIG: `${insideDir}/kubeconfig`,
  MINIKUBE_HOME: `${insideDir}/minikube`,
  MINIKUBE_WANTUPDATENOTIFICATION: 'false',
  MINIKUBE_WANTREPORTERRORPROMPT: 'false',
  TMPDIR: `${insideDir}/tmp`,
  KUBECACHEDIR: `${insideDir}/kubecache`,
  TASKGATE_MINIKUBE_BASE_IMAGE: rigPins.node.image,
  TASKGATE_MINIKUBE_START_ARGS: startArgs.join(' '),
  TEST_MINIKUBE_RIG: 'private',
  TEST_KIND_NODE_DIR: join(kindDir, 'node'),
  TEST_KIND_NODE_IMAGE: kindPins.nodeImage,
});

/** Enters the namespaces of a process and runs a command there, in the same folder as here. */
export const insideCommand = (
  pid: number,
  command: readonly string[],
  { cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Command => [
  'nsenter',
  ...['--target', String(pid), '--net', '--mount', '--pid', '--cgroup', '--ipc', '--uts'],
  `--wdns=${cwd}`,
  'env',
  ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
  ...command,
];

/** Asks what nsenter runs to end: it stays outside itself, and passes no signal on. */
export const terminateInside = async (nsenter: number): Promise<void> => {
  for (const pid of await childrenOf(nsenter)) process.kill(pid, 'SIGTERM');
};
