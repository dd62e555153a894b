import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { instancePaths, nodePaths } from '../../instance/paths.ts';
import { writeFileAtomically } from '../../lib/files.ts';
import { render } from '../../lib/template.ts';
import { ownMemoryOf, podPidsOf } from './isolation/limits.ts';
import type { Snapshotter } from './machine/snapshotter.ts';
import { type NativeSpec, nodeName } from './spec.ts';

type Values = Readonly<Record<string, string>>;

const kubeletLimits = ({ limits }: NativeSpec): Values => ({
  podPidsLimit: String(podPidsOf(limits)),
  reservedMemory: `${Math.max(0, limits.machineMb - limits.memoryMb)}Mi`,
  ownMemory: `${ownMemoryOf(limits)}Mi`,
});

/** The path below the node's configuration folder, its template, and the template's values. */
const fileTable = (spec: NativeSpec, snapshotter: Snapshotter): readonly (readonly [string, string, Values])[] => {
  const { nodeDir, configDir, pkiDir, kubeconfigDir } = nodePaths(spec.instanceDir);
  const { logsDir } = instancePaths(spec.instanceDir);
  const { nodeAddress, podCidr, serviceCidr } = spec.network;
  const name = nodeName(spec.name);
  const { kubernetesVersion, pauseImage, cniPluginsDir } = spec;
  const adminKubeconfig = `${kubeconfigDir}/super-admin.conf`;
  return [
    ['kubeadm.yaml', 'kubeadm.yaml', { nodeAddress, nodeName: name, kubernetesVersion, pkiDir, serviceCidr, podCidr }],
    ['kubelet.yaml', 'kubelet.yaml', { pkiDir, nodeAddress, configDir, logsDir, nodeDir, ...kubeletLimits(spec) }],
    ['kube-proxy.yaml', 'kube-proxy.yaml', { kubeconfig: adminKubeconfig, nodeName: name, podCidr }],
    [
      'containerd.toml',
      'containerd.toml',
      { nodeDir, configDir, pauseImage, cniPluginsDir, snapshotter, runc: spec.binaries.runc },
    ],
    ['Corefile', 'Corefile', { nodeAddress, kubeconfig: adminKubeconfig }],
    ['cni/10-taskgate.conflist', 'cni.json', { podCidr }],
  ];
};

/** Writes the configuration files of the node's processes. Tested in test/e2e/up-down.test.ts. */
export const writeNodeFiles = async (
  spec: NativeSpec,
  { templatesDir, snapshotter }: { readonly templatesDir: string; readonly snapshotter: Snapshotter },
): Promise<void> => {
  const { nodeDir, configDir } = nodePaths(spec.instanceDir);
  await mkdir(join(nodeDir, 'kubelet'), { recursive: true, mode: 0o700 });
  await Promise.all([
    ...fileTable(spec, snapshotter).map(async ([target, template, values]) => {
      const text = await readFile(join(templatesDir, 'native', template), 'utf8');
      await writeFileAtomically(join(configDir, target), render(text, values));
    }),
    writeFileAtomically(join(configDir, 'resolv.conf'), `nameserver ${spec.network.nodeAddress}\n`),
  ]);
};
