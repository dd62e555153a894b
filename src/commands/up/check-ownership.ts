import { readFile } from 'node:fs/promises';
import { guardForeign } from '../../gateway/foreign/guard.ts';
import { findOwnershipProblems, inspectOwnership } from '../../gateway/foreign/ownership.ts';
import { findOriginalState, isForeignCluster, saveOriginalState } from '../../gateway/foreign/saved.ts';
import { recordOriginalState, verifySameCluster } from '../../gateway/foreign/snapshot.ts';
import { findGatewayProblems, manifestBundle, verifyGatewayAPI } from '../../gateway/install/drift.ts';
import { inspectGatewayAPI } from '../../gateway/install/installed.ts';
import { type Manifest, parseManifest } from '../../gateway/install/manifest.ts';
import type { Instance } from '../../instance/instance.ts';
import type { Kube } from '../../lib/kube/client.ts';
import type { StepTools } from '../../task-list/step.ts';
import { gatewaySpecOf } from '../context.ts';
import { checkHealth, unchanged } from './check-health.ts';
import { checkMachine } from './check-machine.ts';
import { type UpContext, upStep } from './context.ts';
import { type Programs, prepareArtifacts } from './prepare-artifacts.ts';
import { startCluster } from './start-cluster.ts';

/** Contour's manifest, as upstream has it. */
export const readManifest = async ({ manifest }: Programs): Promise<Manifest> => {
  if (!manifest) throw new Error('a healthy instance needs no manifest');
  return parseManifest(await readFile(manifest.path, 'utf8'));
};

type Guarded = { readonly instance: Instance; readonly kube: Kube; readonly manifest: Manifest };

/** Throws the refusals of the gateway's ownership rules before anything is changed; then writes down what is there. */
const guardCluster = async (
  { instance, kube, manifest }: Guarded,
  { config }: UpContext,
  { report, warn }: StepTools,
): Promise<Kube> => {
  const spec = gatewaySpecOf(config, instance);
  const plan = { spec, manifest };
  const kept = await findOriginalState(instance);
  if (kept) await verifySameCluster(kube, kept);
  const bundle = manifestBundle(manifest);
  const unusable = findGatewayProblems(await inspectGatewayAPI(kube, spec), {
    ...bundle,
    listenerLimit: spec.listenerLimit,
  }).filter(({ verdict }) => verdict === 'refuse');
  const owned = findOwnershipProblems(await inspectOwnership(kube, plan), {
    ...{ spec, bundle, original: kept, adopt: config.adopt },
  });
  // to adopt a bundle that cannot be used would be refused in the next round
  const problems = unusable.length > 0 ? owned.filter(({ id }) => id !== 'gateway.foreign-bundle') : owned;
  verifyGatewayAPI([...unusable, ...problems]);
  for (const { message, hint } of problems) warn(`${message} (${hint})`);
  const original = kept ?? (await recordOriginalState(kube, plan));
  if (!kept) await saveOriginalState(instance, original);
  return guardForeign(kube, { spec, original, report });
};

/** The API server for the gateway's objects. */
export type Ownership = {
  readonly kube: Kube;
  /** Whether the cluster is foreign: then `kube` leaves alone what taskgate did not create. */
  readonly isForeign: boolean;
};

/**
 * In a foreign cluster nothing that taskgate did not create is changed, unless `--adopt` is given.
 * Tested in test/e2e/attach.test.ts.
 */
export const checkOwnership = upStep({
  title: 'Check cluster ownership',
  needs: { machine: checkMachine, programs: prepareArtifacts, health: checkHealth, started: startCluster },
  skip: ({ machine: { instance }, health, started: { kube } }) => {
    const value = { kube, isForeign: false };
    if (health) return { because: unchanged(health), value };
    return !isForeignCluster(instance) && { because: 'taskgate made it', value };
  },
  run: async ({ machine: { instance }, programs, started }, context, tools): Promise<Ownership> => {
    const manifest = await readManifest(programs);
    const kube = await guardCluster({ instance, manifest, kube: started.kube }, context, tools);
    tools.note('nothing else is in the way');
    return { kube, isForeign: true };
  },
});
