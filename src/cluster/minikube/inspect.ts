// Tested in test/cluster/minikube/minikube.test.ts
import { instancePaths } from '../../instance/paths.ts';
import { askMinikube, type Minikube } from './call.ts';
import { listArgs, statusArgs } from './commands.ts';
import { usesDocker, verifyDocker } from './docker/daemon.ts';
import { minikubeFailure } from './failures.ts';
import { type ProfileState, parseProfile } from './profile.ts';
import type { MinikubeSpec } from './spec.ts';

/**
 * The state of a profile. Changes nothing. Throws UserError `environment.docker-*` if Docker does not answer, and
 * `environment.minikube-missing`.
 */
export const inspectProfile = async (
  minikube: Minikube,
  { profile, driver }: Pick<MinikubeSpec, 'profile' | 'driver'>,
): Promise<ProfileState> => {
  if (usesDocker(driver)) await verifyDocker(minikube.runner);
  const [list, status] = await Promise.all([
    askMinikube(minikube, listArgs),
    askMinikube(minikube, statusArgs(profile)),
  ]);
  if (list.exitCode === 0) return parseProfile(profile, list.stdout, status.stdout);
  const { minikubeLogPath: logPath } = instancePaths(minikube.instanceDir);
  throw minikubeFailure({ what: 'minikube profile list', result: list, logPath });
};
