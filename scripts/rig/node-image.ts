import { copyFile, cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Artifacts } from '../../src/artifacts/artifacts.ts';
import type { ArtifactSource, Item, Work } from '../../src/artifacts/item.ts';
import { sha256OfFile } from '../../src/lib/files.ts';
import { packTree, unpackTree } from './debian.ts';
import { fetchModule } from './go-module.ts';
import { listImages, writeKubernetesArchive } from './kubernetes-images.ts';
import { rigPins } from './pins.ts';

export type NodeInput = {
  readonly artifacts: Artifacts;
  readonly kubernetesVersion: string;
  /** Name of the pause image in taskgate's archive. */
  readonly pauseImage: string;
  readonly templatesDir: string;
  readonly crictl: Item;
  readonly debianTree: Item;
};

const nodeFiles = ['own-settings', 'runc', 'node-setup.sh'] as const;

/** Files of `templates/rig` that a node image is made with. */
export const nodeTemplates = [...nodeFiles, 'import-images.sh'] as const;

/** What `docker load` reads beside the layer itself. */
export const archiveTexts = (layerSha256: string, { image, arch }: { image: string; arch: string }) => ({
  'config.json': JSON.stringify({
    architecture: arch,
    os: 'linux',
    config: {
      Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'container=docker'],
      Entrypoint: ['/usr/local/bin/own-settings', '/usr/local/bin/entrypoint', '/sbin/init'],
      ExposedPorts: { '22/tcp': {} },
      // how systemd is asked to end
      StopSignal: 'SIGRTMIN+3',
    },
    rootfs: { type: 'layers', diff_ids: [`sha256:${layerSha256}`] },
  }),
  'manifest.json': JSON.stringify([{ Config: 'config.json', RepoTags: [image], Layers: ['layer.tar'] }]),
});

/** Puts the programs of a node into its tree, and has the tree set itself up. */
const setUpTree = async (tree: string, input: NodeInput, work: Work): Promise<void> => {
  const { artifacts, kubernetesVersion, templatesDir } = input;
  const minikube = await fetchModule(work, rigPins.minikube);
  await cp(join(minikube, 'deploy', 'kicbase'), join(tree, 'rig', 'kicbase'), { recursive: true });
  for (const file of nodeFiles) await copyFile(join(templatesDir, file), join(tree, 'rig', file));
  work.report('building', 'setting the tree up');
  await work.runner(['chroot', tree, 'sh', '/rig/node-setup.sh'], { signal: work.signal });
  const binariesDir = join(tree, 'var/lib/minikube/binaries', kubernetesVersion);
  await mkdir(binariesDir, { recursive: true });
  for (const name of ['kubeadm', 'kubelet', 'kubectl'] as const) {
    await copyFile(artifacts.binaries[name], join(binariesDir, name));
  }
  const crictl = await work.ensure(input.crictl);
  await copyFile(join(crictl.dir, 'crictl'), join(tree, 'usr/local/bin/crictl'));
};

/** Puts kubeadm's images into the containerd of a node's tree, so that a node finds them without any registry. */
const importImages = async (tree: string, input: NodeInput, work: Work): Promise<void> => {
  const { artifacts, kubernetesVersion, pauseImage, templatesDir } = input;
  const { pause, images } = await listImages(artifacts, kubernetesVersion, work);
  const archive = `${tree}.images.tar`;
  await writeKubernetesArchive(archive, { images, binaries: artifacts.binaries, tree }, work);
  work.report('building', "importing kubeadm's images");
  const script = join(templatesDir, 'import-images.sh');
  await work.runner(
    [
      ...(['unshare', '--mount', '--pid', '--fork', '--kill-child', 'sh'] as const),
      ...[script, tree, archive, artifacts.images.archive, pauseImage, pause],
    ],
    { signal: work.signal },
  );
};

/**
 * A node image for minikube's docker driver, with Kubernetes' programs and images in it, as `docker load` reads it.
 * The Gateway's images are left out: taskgate loads those itself.
 */
export const nodeImageSource = (input: NodeInput): ArtifactSource => ({
  name: 'assembled',
  make: async (dir, work) => {
    const tree = `${dir}.tree`;
    await unpackTree((await work.ensure(input.debianTree)).dir, tree, work);
    await setUpTree(tree, input, work);
    await importImages(tree, input, work);
    work.report('building', 'packing the layer');
    await mkdir(dir, { recursive: true });
    const layer = join(dir, 'layer.tar');
    await packTree(tree, layer, work);
    const texts = archiveTexts(await sha256OfFile(layer), { image: rigPins.node.image, arch: work.arch });
    for (const [name, text] of Object.entries(texts)) await writeFile(join(dir, name), text);
  },
});
