import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Kube } from '../../../src/lib/kube/client.ts';
import { isReady, type Pod } from '../../../src/lib/kube/shapes.ts';
import { polling, waitUntil } from '../../../src/lib/wait.ts';
import { dockerArchive } from '../images/archives.ts';
import type { Taskgate } from './taskgate.ts';

/** An image of this name with the one program that any image here can run, agnhost, from the cache. */
export const agnhostImage = async (taskgate: Pick<Taskgate, 'run'>, name: string) => {
  const { stdout } = await taskgate.run('prefetch', '--json');
  const { binaries } = JSON.parse(stdout) as { readonly binaries: { readonly kubelet: string } };
  const agnhost = await readFile(join(binaries.kubelet, '..', 'agnhost'));
  return dockerArchive({ name, files: [['agnhost', agnhost]], config: { Entrypoint: ['/agnhost'], Cmd: ['pause'] } });
};

/** Waits until a pod of this image, which it may not pull, is ready. */
export const runPodOf = async (kube: Kube, image: string): Promise<void> => {
  const metadata = { name: 'loaded', namespace: 'default' };
  const containers = [{ name: 'loaded', image, imagePullPolicy: 'Never' }];
  await kube.apply({ apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers } });
  const look = polling(() => kube.get<Pod>({ apiVersion: 'v1', kind: 'Pod', metadata }), 200);
  const options = { timeoutMs: 60_000, id: 'proof.test' } as const;
  await waitUntil('the pod', look, (pod) => isReady(pod) || JSON.stringify(pod.status), options);
};
