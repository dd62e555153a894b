import { findAdminPassword } from '../../instance/admin-password.ts';
import { identityOf } from '../../instance/identity.ts';
import type { Instance } from '../../instance/instance.ts';
import { instancePaths } from '../../instance/paths.ts';
import { UserError } from '../../lib/errors.ts';
import type { MasterValues } from '../../master/write/values.ts';

/**
 * What a master's configuration is written from. Throws UserError `environment.no-instance` where `up` never finished.
 * Tested in test/commands/up/write-master-files.test.ts.
 */
export const masterValuesOf = async (instance: Instance): Promise<MasterValues> => {
  const { name, cluster, gateway, master, settings, clusterId, masterRoot } = instance.record();
  const adminPassword = await findAdminPassword(instance);
  if (!cluster || !gateway || !master || !settings?.master || !adminPassword) {
    throw new UserError(`instance ${name} was never brought up to its end: no master's configuration is known`, {
      id: 'environment.no-instance',
      hint: `run: taskgate up --name ${name}`,
    });
  }
  const { clusterName, resourcePool, taskNamespace, taskImage, maxSlotsPerPod, port, tls } = settings.master;
  const { masterCacheDir, masterRootDir, masterCertificatePath, masterKeyPath } = instancePaths(instance.dir);
  return {
    gateway,
    master,
    kubeconfigPath: cluster.kubeconfigPath,
    ...(clusterId !== undefined && { clusterId }),
    adminPassword,
    ...identityOf(instance.record()),
    clusterName,
    resourcePool,
    taskNamespace,
    taskImage,
    maxSlotsPerPod,
    listenPort: port,
    cacheDir: masterCacheDir,
    root: masterRoot ?? masterRootDir,
    ...(tls && { tls: { cert: masterCertificatePath, key: masterKeyPath } }),
  };
};
