import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { instancePaths, nodePaths } from '../../instance/paths.ts';
import { UserError } from '../../lib/errors.ts';
import { findTextFile, writeFileAtomically } from '../../lib/files.ts';
import { renderNamed } from '../../lib/kube/kubeconfig/render.ts';
import { type Command, CommandError, type Runner } from '../../lib/process/runner.ts';
import { parseYaml } from '../../lib/template.ts';
import { type NativeSpec, nodeName } from './spec.ts';

/** kubeadm's own phases create the certificates and kubeconfigs; both keep those that are still valid. */
export const pkiCommands = ({ binaries, instanceDir }: NativeSpec): readonly Command[] => {
  const { configDir, kubeconfigDir } = nodePaths(instanceDir);
  const config = ['--config', join(configDir, 'kubeadm.yaml')] as const;
  return [
    [binaries.kubeadm, 'init', 'phase', 'certs', 'all', ...config],
    [binaries.kubeadm, 'init', 'phase', 'kubeconfig', 'all', ...config, '--kubeconfig-dir', kubeconfigDir],
  ];
};

type Named<Kind extends string, Body> = readonly Readonly<Record<Kind, Body>>[];
type KubeadmConfig = {
  readonly clusters: Named<'cluster', object>;
  readonly users: Named<'user', Readonly<Record<'client-certificate-data' | 'client-key-data', string>>>;
};

/** Turns kubeadm's super-admin kubeconfig into the instance's: one context, named after the instance. */
export const renderKubeconfig = (superAdmin: string, contextName: string): string => {
  const { clusters, users } = parseYaml(superAdmin) as KubeadmConfig;
  return renderNamed(contextName, { cluster: clusters[0]?.cluster, user: users[0]?.user });
};

/** Paths of the PEM files with which the supervisor probes the API server. */
export const probeTls = (instanceDir: string) => {
  const { pkiDir } = nodePaths(instanceDir);
  return { caPath: join(pkiDir, 'ca.crt'), certPath: join(pkiDir, 'probe.crt'), keyPath: join(pkiDir, 'probe.key') };
};

const decode = (base64 = ''): Buffer => Buffer.from(base64, 'base64');

const runKubeadm = async (spec: NativeSpec, runner: Runner): Promise<void> => {
  try {
    for (const command of pkiCommands(spec)) await runner(command);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new UserError(`kubeadm cannot make the node's certificates: ${error.message}`, {
      id: 'cluster.certificates',
      hint: `is the disk full, is this machine's clock right? If certificates there are damaged, take the instance down and up again: taskgate down --name ${spec.name}`,
      cause: error,
    });
  }
};

/** Creates missing certificates and kubeconfigs, and from them the instance's own kubeconfig (0600). Throws UserError `cluster.certificates`. */
export const ensurePki = async (spec: NativeSpec, runner: Runner): Promise<void> => {
  const { kubeconfigDir } = nodePaths(spec.instanceDir);
  const superAdminPath = join(kubeconfigDir, 'super-admin.conf');
  if (!(await findTextFile(superAdminPath))) await runKubeadm(spec, runner);
  const superAdmin = await readFile(superAdminPath, 'utf8');
  const user = (parseYaml(superAdmin) as KubeadmConfig).users[0]?.user;
  const { certPath, keyPath } = probeTls(spec.instanceDir);
  const { kubeconfigPath } = instancePaths(spec.instanceDir);
  await Promise.all([
    writeFileAtomically(certPath, decode(user?.['client-certificate-data'])),
    writeFileAtomically(keyPath, decode(user?.['client-key-data'])),
    writeFileAtomically(kubeconfigPath, renderKubeconfig(superAdmin, nodeName(spec.name))),
  ]);
};
