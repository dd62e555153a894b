import {
  type Artifacts,
  type ArtifactsInput,
  ensureArtifacts,
  ensureGatewayArtifacts,
  ensureManifest,
  ensurePolicyImages,
  ensureTaskImage,
  type GatewayArtifacts,
  type TaskImage,
} from '../../artifacts/artifacts.ts';
import type { ClusterProvider } from '../../cluster/provider.ts';
import type { ProviderName } from '../../model/cluster.ts';
import { artifactsInput } from '../../providers/artifacts-input.ts';
import { checkHealth, unchanged } from './check-health.ts';
import { checkMachine } from './check-machine.ts';
import { upStep } from './context.ts';

/** What a cluster is made from; of a healthy one only what ends it. */
export type Programs = Prepared & {
  /** Makes the cluster from them. */
  readonly provider: ClusterProvider;
};

type Prepared = {
  /** Contour's manifest, as upstream has it. */
  readonly manifest?: GatewayArtifacts['contourManifest'];
  /** Programs of a native node. */
  readonly artifacts?: Artifacts;
  /** For a node that is not to pull them itself. */
  readonly images?: GatewayArtifacts['images'];
  /** The engine of network policies for such a node, where they are wanted. */
  readonly policyImages?: GatewayArtifacts['images'];
  /** The small image of tasks, for a node that taskgate loads images into. */
  readonly taskImage?: TaskImage;
};

/** What each provider needs: a node's programs, images for a node made elsewhere, or neither. */
const preparations: Readonly<Record<ProviderName, (input: ArtifactsInput) => Promise<Prepared>>> = {
  native: async (input) => {
    const artifacts = await ensureArtifacts(input);
    return { artifacts, manifest: artifacts.contourManifest, images: artifacts.images };
  },
  minikube: async (input) => {
    const { contourManifest, images } = await ensureGatewayArtifacts(input);
    const policyImages = input.policies ? await ensurePolicyImages(input) : undefined;
    return { manifest: contourManifest, images, ...(policyImages && { policyImages }) };
  },
  attach: async (input) => ({ manifest: await ensureManifest(input) }),
};

/** What an instance of a provider is prepared with. */
const prepare = async (provider: ProviderName, input: ArtifactsInput): Promise<Prepared> => {
  const prepared = await preparations[provider](input);
  if (!input.taskImage || !prepared.images) return prepared;
  return { ...prepared, taskImage: await ensureTaskImage(input, input.taskImage) };
};

/** Tested in test/process/artifacts.test.ts. */
export const prepareArtifacts = upStep({
  title: 'Prepare programs and images',
  needs: { machine: checkMachine, health: checkHealth },
  // what runs and is proven has its programs: the cache may be gone
  skip: ({ machine, health }) =>
    health !== undefined && { because: unchanged(health), value: { provider: machine.providerWith({}) } },
  run: async ({ machine: { instance, providerWith } }, context, { signal, report }): Promise<Programs> => {
    const prepared = await prepare(instance.record().provider, artifactsInput(context, signal, report));
    const { artifacts } = prepared;
    // from here on the cluster is changed
    await instance.change({ unfinished: { since: context.startedAt.toISOString() } });
    return { ...prepared, provider: providerWith(artifacts ? { artifacts } : {}) };
  },
});
