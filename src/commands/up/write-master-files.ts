import { join } from 'node:path';
import type { Instance } from '../../instance/instance.ts';
import { findTextFile, writeFileAtomically } from '../../lib/files.ts';
import type { Kube } from '../../lib/kube/client.ts';
import { generatePassword } from '../../master/write/values.ts';
import type { Step } from '../../task-list/step.ts';
import { configFiles, configFormats } from '../config/formats.ts';
import { masterValuesOf, passwordPath } from '../config/master-values.ts';
import { renderConfig } from '../config/render.ts';
import { need, type UpContext } from '../context.ts';
import { reachGateway } from './reach-gateway.ts';

/** The first admin password of the instance: made once, kept in its own file. */
const ensurePassword = async (instance: Instance): Promise<void> => {
  const path = passwordPath(instance);
  if (!(await findTextFile(path))) await writeFileAtomically(path, `${generatePassword()}\n`);
};

/** Read at each `up`: a cluster that was made anew is another one. */
const readClusterId = async (kube: Kube): Promise<string | undefined> => {
  const { metadata } = await kube.get({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system' } });
  return metadata.uid;
};

/** Leaves a file alone that says already what it should, so that its time tells when it changed. */
const writeIfOther = async (path: string, text: string): Promise<boolean> => {
  if ((await findTextFile(path)) === text) return false;
  await writeFileAtomically(path, text);
  return true;
};

/** The master's configuration in all formats, each 0600: two of them hold its first password. */
export const writeMasterConfiguration = async (context: UpContext): Promise<string> => {
  const { gateway, master, ssh, ngrok, tunnel } = context.config;
  const instance = need(context, 'instance');
  const clusterId = await readClusterId(need(context, 'kube'));
  await ensurePassword(instance);
  await instance.change({
    gateway: need(context, 'gateway'),
    master: need(context, 'master'),
    settings: { gateway, master, ssh, ngrok, tunnel },
    ...(clusterId !== undefined && { clusterId }),
  });
  const values = await masterValuesOf(instance);
  const written = await Promise.all(
    configFormats.map(async (format) => {
      const name = configFiles[format];
      const isWritten = await writeIfOther(join(instance.dir, name), renderConfig(format, [values]));
      return isWritten ? [name] : [];
    }),
  );
  return written.flat().length > 0 ? `${instance.dir}/${written.flat().join(', ')}` : 'unchanged';
};

export const writeMasterFiles: Step<UpContext> = {
  title: 'Write the master configuration',
  after: [reachGateway],
  run: (context) => writeMasterConfiguration(context),
};
