import { readFile } from 'node:fs/promises';
import { openAccess } from '../../instance/access.ts';
import { identityOf } from '../../instance/identity.ts';
import { findInstance } from '../../instance/instance.ts';
import { withInstanceLock } from '../../instance/lock.ts';
import { instancePaths } from '../../instance/paths.ts';
import { UserError } from '../../lib/errors.ts';
import { verifyNoPrograms } from '../../lib/kube/kubeconfig/programs.ts';
import { renderAccountKubeconfig } from '../../master/account/kubeconfig.ts';
import type { MasterScope } from '../../master/account/rights.ts';
import type { RightFinding } from '../../master/account/rights-check.ts';
import type { CommandContext } from '../../providers/context.ts';
import { type CommandInput, print, printJson, printNote, readMade } from '../command.ts';
import { stageTimeoutMs } from '../context.ts';
import { readNamedFile, verifyFolderOf, writeFileOf } from '../named-file.ts';
import { getInstance } from '../open-instance.ts';
import { verifyRunning } from '../status/verify-running.ts';
import { checkMasterAccount, checkNewAccount, ensureMasterAccount } from './account.ts';
import { masterValuesOf } from './master-values.ts';

export type AccountFlags = { readonly output?: string; readonly checkOnly?: string };

/** What was checked. `account` only of one that was made here. */
type Checked = { readonly kubeconfig: string; readonly account?: string; readonly missing: readonly RightFinding[] };

const makeAccount = async (context: CommandContext, output: string | undefined): Promise<Checked> => {
  const instance = await getInstance(context);
  await verifyRunning(context, instance);
  const place = await masterValuesOf(instance);
  const admin = await readFile(place.kubeconfigPath, 'utf8');
  const wait = { timeoutMs: stageTimeoutMs(context), signal: context.signal };
  const { cluster, attach } = instance.record();
  if (!cluster) throw new Error(`instance ${instance.record().name} has no cluster, so it has no place for a master`);
  const kube = await openAccess({ ...cluster, attach }, context.env);
  const { name, namespace, token } = await ensureMasterAccount(
    kube,
    { owner: identityOf(instance.record()), place },
    wait,
  );
  const text = renderAccountKubeconfig(admin, { name, token });
  const kubeconfig = output ?? instancePaths(instance.dir).masterKubeconfigPath;
  await writeFileOf(kubeconfig, text, { env: context.env, mode: 0o600 });
  const missing = await checkNewAccount(text, place, context.signal);
  return { kubeconfig, account: `${namespace}/${name}`, missing };
};

/** Where the instance's master works; without an instance, where the settings would have it. */
const placeOf = async ({ config, folders }: CommandContext): Promise<MasterScope> => {
  const { gateway, settings } = (await findInstance(folders.stateDir, config.name))?.record() ?? {};
  const { taskNamespace } = settings?.master ?? config.master;
  return { taskNamespace, gateway: gateway ?? config.gateway };
};

const checkAccount = async (context: CommandContext, kubeconfig: string): Promise<Checked> => {
  const text = await readNamedFile(kubeconfig, 'kubeconfig');
  await verifyNoPrograms(text, kubeconfig);
  return { kubeconfig, missing: await checkMasterAccount(text, await placeOf(context)) };
};

const describe = ({ kubeconfig, account, missing }: Checked): string =>
  [
    ...missing.map(({ severity, message }) => `${severity === 'error' ? '✖' : '!'} ${message}`),
    account === undefined ? '' : `${kubeconfig}: account ${account}; name it as kubeconfig_path in the master.yaml`,
    missing.length === 0 ? `${kubeconfig}: has every right that a master needs` : '',
  ]
    .filter(Boolean)
    .join('\n');

/** Throws UserError `environment.master-rights` when a right is missing; which, stands on stdout. */
const refuseMissing = ({ kubeconfig, missing: [first, ...others] }: Checked): void => {
  if (!first) return;
  const more = others.length > 0 ? `, and ${others.length} more` : '';
  throw new UserError(`${kubeconfig}: ${first.message}${more}`, { id: 'environment.master-rights', hint: first.hint });
};

/**
 * Makes a service account with a master's rights and no others in the cluster, and a kubeconfig for it; asks the API server
 * as that account. With `checkOnly` makes nothing, and asks with a kubeconfig that the user has.
 * Tested in test/process/config-instances.test.ts.
 */
export const masterAccount = async (input: CommandInput, { output, checkOnly }: AccountFlags): Promise<void> => {
  if (output !== undefined && checkOnly !== undefined) {
    throw new UserError('--check-only makes no account, so there is no --output', {
      id: 'usage.account',
      hint: 'leave one out',
    });
  }
  const { context } = await readMade(input);
  if (output !== undefined) await verifyFolderOf(output);
  const checked =
    checkOnly === undefined
      ? await withInstanceLock(context, () => makeAccount(context, output), printNote)
      : await checkAccount(context, checkOnly);
  if (input.flags.json) printJson(checked);
  else print(describe(checked));
  refuseMissing(checked);
};
