import { pins } from '../config/versions.ts';
import type { Instance } from '../keeper/instance.ts';
import { sha256 } from '../lib/files.ts';
import { isSameProcess, type ProcessIdentity } from '../lib/processes.ts';
import { checkMachine } from './check-machine.ts';
import { need, type UpContext } from './context.ts';
import { findStatus } from './status.ts';
import type { Step } from './step.ts';

/** Changes when `up` would make something else than it did. */
export const settingsDigest = ({ gateway, master }: UpContext['config']): string =>
  sha256(JSON.stringify({ gateway, master, pins }));

/** The keeper that an instance's journal names. */
export const keeperOf = (instance: Instance): ProcessIdentity | undefined =>
  instance.record().journal.findLast((resource) => resource.kind === 'keeper')?.process;

/** Whether nothing has changed since the last proof: same keeper, same settings, nothing wrong to be seen. */
const findProof = async (context: UpContext): Promise<string | undefined> => {
  const instance = need(context, 'instance');
  const { proven } = instance.record();
  const keeper = keeperOf(instance);
  if (!proven || proven.settings !== settingsDigest(context.config)) return undefined;
  if (!keeper || !isSameProcess(keeper, proven.keeper)) return undefined;
  const status = await findStatus(context);
  return status && status.problems.length === 0 ? proven.at : undefined;
};

/** On a healthy instance the steps that write to the cluster have nothing to do, and skip. */
export const checkHealth: Step<UpContext> = {
  title: 'Look at what is there',
  after: [checkMachine],
  run: async (context) => {
    const { gateway, master } = need(context, 'instance').record();
    const provenAt = await findProof(context);
    if (!provenAt || !gateway || !master) return undefined;
    Object.assign(context, { provenAt, gateway, master });
    return `healthy, proven at ${provenAt}`;
  },
};

/** Why a step that writes to the cluster has nothing to do. */
export const skipIfHealthy = ({ provenAt }: UpContext): string | false =>
  provenAt !== undefined && `nothing changed since the proof at ${provenAt}`;
