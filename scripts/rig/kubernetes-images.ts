import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Artifacts } from '../../src/artifacts/artifacts.ts';
import { collectFiles, layerEntries } from '../../src/artifacts/image/layer.ts';
import { composeImage, layoutEntries, type OciImage } from '../../src/artifacts/image/oci.ts';
import type { Work } from '../../src/artifacts/item.ts';
import { writeTar } from '../../src/lib/archive/tar.ts';

type LayerFiles = Awaited<ReturnType<typeof collectFiles>>;

/** What kubeadm runs as pods, by the last word of the image's name; pause comes from taskgate's own archive. */
const programs = {
  'kube-apiserver': { path: 'usr/local/bin/kube-apiserver', config: {} },
  'kube-controller-manager': { path: 'usr/local/bin/kube-controller-manager', config: {} },
  'kube-scheduler': { path: 'usr/local/bin/kube-scheduler', config: {} },
  'kube-proxy': { path: 'usr/local/bin/kube-proxy', config: {} },
  etcd: { path: 'usr/local/bin/etcd', config: {} },
  coredns: { path: 'coredns', config: { Entrypoint: ['/coredns'], User: '65532:65532' } },
} as const;

export type ProgramImage = { readonly ref: string; readonly program: keyof typeof programs };

/** Sorts the image names that kubeadm wants: the pause image, and those to be put together from a program each. */
export const parseImageList = (text: string): { readonly pause: string; readonly images: readonly ProgramImage[] } => {
  const refs = text.trim().split('\n');
  const wordOf = (ref: string): string => /([\w-]+):[^/]*$/.exec(ref)?.[1] ?? '';
  const pause = refs.find((ref) => wordOf(ref) === 'pause');
  if (!pause) throw new Error(`kubeadm names no pause image: ${text}`);
  const images = refs.flatMap((ref): ProgramImage[] => {
    const program = wordOf(ref);
    if (program === 'pause') return [];
    if (!Object.hasOwn(programs, program)) throw new Error(`kubeadm wants ${ref}, and no program is known for it`);
    return [{ ref, program: program as ProgramImage['program'] }];
  });
  return { pause, images };
};

/** The names under which kubeadm of this version looks for its images. */
export const listImages = async ({ binaries }: Artifacts, version: string, { runner, signal }: Work) => {
  const list = [binaries.kubeadm, 'config', 'images', 'list', '--kubernetes-version', version] as const;
  return parseImageList((await runner(list, { signal })).stdout);
};

const iptablesPrograms = ['iptables', 'ip6tables'].flatMap((name) =>
  ['', '-save', '-restore'].map((ending) => `/usr/sbin/${name}${ending}`),
);

/**
 * Lists what iptables is made of in a node's tree, each path with where it leads: programs, extensions, and the libraries
 * of both (the one for several endpoints of a Service needs libm).
 */
export const listIptables = [
  'extensions=$(echo /usr/lib/*/xtables/*.so)',
  'libraries=$(ldd /usr/sbin/xtables-nft-multi $extensions | grep -oE "(=> |^[[:space:]])/[^ ]+" | grep -o "/.*" | sort -u)',
  `for file in ${iptablesPrograms.join(' ')} $extensions $libraries; do echo "$file $(realpath "$file")"; done`,
].join('\n');

/** kube-proxy calls iptables: the node's own, with its extensions and libraries. */
const collectIptables = async (tree: string, { runner, signal }: Work): Promise<LayerFiles> => {
  const { stdout } = await runner(['chroot', tree, 'sh', '-c', listIptables], { signal });
  return Promise.all(
    stdout.split('\n').map(async (line) => {
      const [path = '', real = ''] = line.split(' ');
      const from = join(tree, real);
      return { path: path.slice(1), from, size: (await stat(from)).size };
    }),
  );
};

export type ArchiveInput = {
  readonly images: readonly ProgramImage[];
  readonly binaries: Artifacts['binaries'];
  /** A node's tree with iptables in it. */
  readonly tree: string;
};

/** Writes kubeadm's images as an OCI archive, assembled from the programs that taskgate has in its cache. */
export const writeKubernetesArchive = async (path: string, input: ArchiveInput, work: Work): Promise<void> => {
  const assembled: OciImage[] = [];
  for (const { ref, program } of input.images) {
    const { path: inImage, config } = programs[program];
    const own = await collectFiles({ path: inImage, from: input.binaries[program] }, work.runner, work.signal);
    const iptables = program === 'kube-proxy' ? await collectIptables(input.tree, work) : [];
    const layerPath = `${path}.${program}`;
    work.report('building', `assembling ${ref}`);
    const { size, sha256 } = await writeTar(layerPath, layerEntries([...own, ...iptables]), work.signal);
    const layer = { sha256, size, content: { path: layerPath, size } };
    assembled.push(composeImage(ref, layer, { arch: work.arch, config }));
  }
  await writeTar(path, layoutEntries(assembled), work.signal);
};
