import type { ArtifactsInput } from '../artifacts/artifacts.ts';
import { pins } from '../config/versions.ts';
import type { CommandContext } from './context.ts';

/** What the artifacts part is asked for. */
export const artifactsInput = (
  { config, folders, runner, env }: CommandContext,
  signal: AbortSignal,
  report: (line: string) => void,
): ArtifactsInput => {
  const { mirror, bundle } = config;
  return {
    pins,
    cacheDir: folders.cacheDir,
    templatesDir: folders.templatesDir,
    runner,
    signal,
    network: { proxyEnv: env },
    report: ({ name, state, detail }) => report(`${name}: ${state} ${detail}`),
    ...(mirror && { mirror }),
    ...(bundle && { bundle }),
  };
};
