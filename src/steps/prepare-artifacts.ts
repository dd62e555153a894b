import {
  type ArtifactsInput,
  ensureArtifacts,
  ensureGatewayArtifacts,
  ensureManifest,
} from '../artifacts/artifacts.ts';
import { pins } from '../config/versions.ts';
import { checkMachine } from './check-machine.ts';
import { type CommandContext, need, type UpContext } from './context.ts';
import type { Step } from './step.ts';
import type { ProviderName } from './values.ts';

/** What the artifacts part is asked for. */
export const artifactsInput = (
  { config, places, runner, env }: CommandContext,
  signal: AbortSignal,
  report: (line: string) => void,
): ArtifactsInput => {
  const { mirror, bundle } = config;
  return {
    pins,
    cacheDir: places.cacheDir,
    templatesDir: places.templatesDir,
    runner,
    signal,
    network: { proxyEnv: env },
    report: ({ name, state, detail }) => report(`${name}: ${state} ${detail}`),
    ...(mirror && { mirror }),
    ...(bundle && { bundle }),
  };
};

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
