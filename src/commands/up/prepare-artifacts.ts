import {
  type ArtifactsInput,
  ensureArtifacts,
  ensureGatewayArtifacts,
  ensureManifest,
} from '../../artifacts/artifacts.ts';
import type { ProviderName } from '../../model/cluster.ts';
import { artifactsInput } from '../../providers/artifacts-input.ts';
import type { Step } from '../../task-list/step.ts';
import { need, type UpContext } from '../context.ts';
import { checkMachine } from './check-machine.ts';

type Prepared = Pick<UpContext, 'artifacts' | 'manifest' | 'images'>;

/** What each provider needs: a node's programs, images for a node made elsewhere, or neither. */
const preparations: Readonly<Record<ProviderName, (input: ArtifactsInput) => Promise<Prepared>>> = {
  native: async (input) => {
    const artifacts = await ensureArtifacts(input);
    return { artifacts, manifest: artifacts.contourManifest, images: artifacts.images };
  },
  minikube: async (input) => {
    const { contourManifest, images } = await ensureGatewayArtifacts(input);
    return { manifest: contourManifest, images };
  },
  attach: async (input) => ({ manifest: await ensureManifest(input) }),
};

export const prepareArtifacts: Step<UpContext> = {
  title: 'Prepare programs and images',
  after: [checkMachine],
  run: async (context, { signal, report }) => {
    const { provider } = need(context, 'instance').record();
    Object.assign(context, await preparations[provider](artifactsInput(context, signal, report)));
  },
};
