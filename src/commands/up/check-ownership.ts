import { readFile } from 'node:fs/promises';
import { guardForeign } from '../../gateway/foreign/guard.ts';
import { findBefore, isForeignCluster, keepBefore } from '../../gateway/foreign/kept.ts';
import { findOwnershipProblems, inspectOwnership } from '../../gateway/foreign/ownership.ts';
import { recordBefore, verifySameCluster } from '../../gateway/foreign/snapshot.ts';
import { manifestBundle, verifyGatewayAPI } from '../../gateway/install/drift.ts';
import { type Manifest, parseManifest } from '../../gateway/install/manifest.ts';
import type { Kube } from '../../lib/kube/client.ts';
import type { Step, StepTools } from '../../task-list/step.ts';
import { gatewaySpecOf, need, type UpContext } from '../context.ts';
import { skipIfHealthy } from './check-health.ts';
import { startCluster } from './start-cluster.ts';

/** Contour's manifest, as upstream has it. */
export const readManifest = async (context: UpContext): Promise<Manifest> =>
  parseManifest(await readFile(need(context, 'manifest').path, 'utf8'));

/** Throws the refusals of the gateway's ownership rules before anything is changed; then writes down what is there. */
const guardCluster = async (context: UpContext, { report }: StepTools): Promise<Kube> => {
  const { config } = context;
  const [kube, instance, spec] = [need(context, 'kube'), need(context, 'instance'), gatewaySpecOf(config)];
  const manifest = await readManifest(context);
  const plan = { spec, manifest };
  const kept = await findBefore(instance);
  if (kept) await verifySameCluster(kube, kept);
  const bundle = manifestBundle(manifest);
  const problems = findOwnershipProblems(await inspectOwnership(kube, plan), {
    spec,
    bundle,
    before: kept,
    adopt: config.adopt,
  });
  verifyGatewayAPI(problems);
  context.notes.push(...problems.map(({ message, hint }) => `${message} (${hint})`));
  const before = kept ?? (await recordBefore(kube, plan));
  if (!kept) await keepBefore(instance, before);
  return guardForeign(kube, { spec, before, report });
};

/** In a cluster of somebody else's nothing of theirs is changed unless they said so. */
export const checkOwnership: Step<UpContext> = {
  title: 'Look whose the cluster is',
  skip: (context) => skipIfHealthy(context) || (!isForeignCluster(need(context, 'instance')) && 'taskgate made it'),
  after: [startCluster],
  run: async (context, tools) => {
    context.gatewayKube = await guardCluster(context, tools);
    return 'nothing of others is in the way';
  },
};
