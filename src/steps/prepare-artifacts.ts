import { type ArtifactsInput, ensureArtifacts } from '../artifacts/artifacts.ts';
import { pins } from '../config/versions.ts';
import { checkMachine } from './check-machine.ts';
import type { CommandContext, UpContext } from './context.ts';
import type { Step } from './step.ts';

/** What the artifacts part is asked for. */
export const artifactsInput = (
  { config, places, runner, proxyEnv }: CommandContext,
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
    network: { proxyEnv },
    report: ({ name, state, detail }) => report(`${name}: ${state} ${detail}`),
    ...(mirror && { mirror }),
    ...(bundle && { bundle }),
  };
};

export const prepareArtifacts: Step<UpContext> = {
  title: 'Prepare programs and images',
  after: [checkMachine],
  run: async (context, { signal, report }) => {
    context.artifacts = await ensureArtifacts(artifactsInput(context, signal, report));
  },
};
