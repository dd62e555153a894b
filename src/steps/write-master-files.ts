import { join } from 'node:path';
import { findTextFile, writeFileAtomically } from '../lib/files.ts';
import { renderMasterConfig } from '../master/config.ts';
import { renderDevcluster } from '../master/devcluster.ts';
import { generatePassword, type MasterValues } from '../master/values.ts';
import { need, type UpContext } from './context.ts';
import { awaitGateway } from './install-gateway.ts';
import { startSample } from './prove-path.ts';
import type { Step } from './step.ts';

/** The first admin password of the instance: made once, kept in its own file. */
const ensurePassword = async (dir: string): Promise<string> => {
  const path = join(dir, 'admin-password');
  const kept = await findTextFile(path);
  if (kept) return kept.trim();
  const made = generatePassword();
  await writeFileAtomically(path, `${made}\n`);
  return made;
};

/** Leaves a file alone that says already what it should, so that its time tells when it changed. */
const writeIfOther = async (path: string, text: string): Promise<boolean> => {
  if ((await findTextFile(path)) === text) return false;
  await writeFileAtomically(path, text);
  return true;
};

/** master.yaml and devcluster.yaml of the instance, both 0600: they hold its first password. */
export const writeMasterFiles: Step<UpContext> = {
  title: 'Write the master configuration',
  after: [awaitGateway, startSample],
  run: async (context) => {
    const { config } = context;
    const instance = need(context, 'instance');
    const master = need(context, 'master');
    const values: MasterValues = {
      gateway: need(context, 'gateway'),
      master,
      kubeconfigPath: need(context, 'cluster').kubeconfigPath,
      adminPassword: await ensurePassword(instance.dir),
      instance: config.name,
      clusterName: config.master.clusterName,
      resourcePool: config.master.resourcePool,
      taskNamespace: config.master.taskNamespace,
      taskImage: config.master.taskImage,
      maxSlotsPerPod: config.master.maxSlotsPerPod,
      listenPort: config.master.port,
      cacheDir: join(instance.dir, 'master-cache'),
    };
    await instance.change({ master, settings: { gateway: config.gateway } });
    const written = await Promise.all([
      writeIfOther(join(instance.dir, 'master.yaml'), renderMasterConfig(values)),
      writeIfOther(join(instance.dir, 'devcluster.yaml'), renderDevcluster(values)),
    ]);
    return written.includes(true) ? `${instance.dir}/master.yaml, devcluster.yaml` : 'unchanged';
  },
};
