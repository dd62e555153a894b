import { readFile } from 'node:fs/promises';
import { findInstance, type Instance } from '../keeper/instance.ts';
import { UserError } from '../lib/errors.ts';
import { connect, type Kube } from '../lib/kube.ts';
import { type Proven, prove } from '../proof/prove.ts';
import { type CommandContext, stageTimeoutMs } from './context.ts';
import { sampleSpec } from './prove-path.ts';
import type { Step } from './step.ts';
import type { GatewayEndpoint, MasterEndpoint } from './values.ts';

/** An instance that `up` has finished at least once. */
export type ReadyInstance = {
  readonly instance: Instance;
  readonly kube: Kube;
  readonly gateway: GatewayEndpoint;
  readonly master: MasterEndpoint;
};

/** Throws UserError `environment.no-instance` where `up` has not come to its end yet. */
export const openInstance = async ({ config, places }: CommandContext): Promise<ReadyInstance> => {
  const instance = await findInstance(places.stateDir, config.name);
  const { cluster, gateway, master } = instance?.record() ?? {};
  if (!instance || !cluster || !gateway || !master) {
    throw new UserError(`instance ${config.name} ${instance ? 'was never brought up to its end' : 'does not exist'}`, {
      id: 'environment.no-instance',
      hint: `run: taskgate up --name ${config.name}`,
    });
  }
  const kube = connect(await readFile(cluster.kubeconfigPath, 'utf8'), cluster.kubeContext);
  return { instance, kube, gateway, master };
};

export type SmokeContext = CommandContext & { proof?: Proven };

const proveOnce: Step<SmokeContext> = {
  title: 'Expose a sample task as the master does, reach it both ways, remove it',
  run: async (context, { signal }) => {
    const { kube, gateway, master } = await openInstance(context);
    const spec = sampleSpec({ config: context.config, master });
    context.proof = await prove(kube, {
      ...spec,
      gateway,
      ports: 'lowest',
      timeoutMs: stageTimeoutMs(context),
      signal,
    });
  },
};

/** The proof on its own, through the lowest free ports, as often as wanted. */
export const smokeSteps: readonly Step<SmokeContext>[] = [proveOnce];
