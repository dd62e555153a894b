import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { execa } from 'execa';
import { findLeftovers } from '../../../src/cluster/minikube/docker/daemon.ts';
import { isConflict, type Kube } from '../../../src/lib/kube/client.ts';
import type { KubeObject } from '../../../src/lib/kube/types.ts';
import { execaRunner } from '../../../src/lib/process/runner.ts';
import { polling, waitUntil } from '../../../src/lib/wait.ts';
import { placeOf } from '../../../src/providers/minikube.ts';
import { commandContext } from '../context.ts';
import type { Taskgate } from './taskgate.ts';

/** Minikube itself, as its user calls it beside taskgate. Throws when it ends badly. */
export const minikube = async (...args: readonly string[]): Promise<string> =>
  (await execa('minikube', args, { stdin: 'ignore' })).stdout;

export const docker = async (...args: readonly string[]): Promise<string> => (await execa('docker', args)).stdout;

/** The profile that a new instance gets. */
export const profileOf = ({ stateHome }: Pick<Taskgate, 'stateHome'>, name: string): string => {
  const { config, folders } = commandContext({
    name,
    folders: { stateDir: join(stateHome, 'taskgate'), cacheDir: '' },
  });
  return placeOf({ config, folders }, undefined).profile;
};

/** Containers, volumes and networks that Docker has of a profile. */
export const leftovers = (profile: string): Promise<readonly string[]> => findLeftovers(execaRunner, profile);

type Listed = { readonly Name: string; readonly Config: { readonly KubernetesConfig: unknown } | null };

const list = async (): Promise<readonly Listed[]> => {
  const { stdout } = await execa('minikube', ['profile', 'list', '--light', '--output=json'], { reject: false });
  const { valid, invalid } = JSON.parse(stdout) as Record<string, readonly Listed[] | null>;
  return [...(valid ?? []), ...(invalid ?? [])];
};

/** Names of Minikube's profiles, also of those that it cannot read. */
export const listProfiles = async (): Promise<readonly string[]> => (await list()).map(({ Name }) => Name);

/** What Minikube makes a profile's Kubernetes with. */
export const settingsOf = async (profile: string): Promise<unknown> =>
  (await list()).find(({ Name }) => Name === profile)?.Config?.KubernetesConfig;

type Gateway = KubeObject & { readonly spec: { readonly listeners: readonly { readonly name: string }[] } };

export const gatewayRef = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { name: 'contour', namespace: 'projectcontour' },
};

const listenerOn = (port: number) => ({
  name: `det-${port}`,
  port,
  protocol: 'TCP',
  allowedRoutes: { namespaces: { from: 'All' } },
});

/** As a real master adds them: get, add, update, and again when somebody was faster. Gives the names of all. */
export const addListeners = async (kube: Kube, ports: readonly number[]): Promise<readonly string[]> => {
  const gateway = await kube.get<Gateway>(gatewayRef);
  const annotations = Object.fromEntries(ports.map((port) => [`determined.ai/det-gateway-port-${port}`, 'foreign.1']));
  try {
    await kube.update({
      ...gateway,
      metadata: { ...gateway.metadata, annotations: { ...gateway.metadata.annotations, ...annotations } },
      spec: { ...gateway.spec, listeners: [...gateway.spec.listeners, ...ports.map(listenerOn)] },
    });
  } catch (error) {
    if (isConflict(error)) return addListeners(kube, ports);
    throw error;
  }
  return listenerNames(kube);
};

export const listenerNames = async (kube: Kube): Promise<readonly string[]> =>
  (await kube.get<Gateway>(gatewayRef)).spec.listeners.map(({ name }) => name);

/** Waits until a stream has said this. */
export const spoken = async (stream: Readable, words: string): Promise<void> => {
  let said = '';
  stream.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const isSaid = (text: string) => text.includes(words) || text.slice(-200);
  await waitUntil(
    `"${words}"`,
    polling(async () => said, 20),
    isSaid,
    { timeoutMs: 240_000, id: 'cluster.test' },
  );
};

/** Starts `up` and interrupts it as soon as it says this. */
export const interruptAt = async (taskgate: Taskgate, words: string, ...args: readonly string[]) => {
  const up = taskgate.start('up', '--provider', 'minikube', ...args);
  await spoken(up.stderr, words);
  up.kill('SIGINT');
  const { exitCode, stderr } = await up;
  return { exitCode, stderr };
};
