import type { ArtifactsInput } from '../artifacts/artifacts.ts';
import { phaseOf } from '../artifacts/store/progress.ts';
import { pins } from '../config/versions.ts';
import { findSudoCaller } from '../instance/state-folder.ts';
import type { Report } from '../lib/progress.ts';
import { trustedByRoot } from '../lib/trust/users.ts';
import type { CommandContext } from './context.ts';

/** What the artifacts part is asked for. */
export const artifactsInput = (
  { config, folders, runner, env }: CommandContext,
  signal: AbortSignal,
  report: Report,
): ArtifactsInput => {
  const { mirror, trustMirror, bundle, bundleDigest, network, master, smallTaskImage, withJupyterlab } = config;
  const caller = findSudoCaller(env);
  return {
    pins,
    cacheDir: folders.cacheDir,
    templatesDir: folders.templatesDir,
    policies: network.policies,
    ...(smallTaskImage && { taskImage: { withJupyterlab } }),
    runner,
    signal,
    network: { proxyEnv: env },
    trusted: trustedByRoot(env),
    report: (progress) => report({ ...progress, ...phaseOf(progress.state) }),
    trustMirror,
    ...(caller && { callerUid: caller.uid }),
    ...(mirror && { mirror }),
    ...(bundle && { bundle }),
    ...(bundleDigest && { bundleDigest }),
    ...(master.version && { determinedVersion: master.version }),
  };
};
