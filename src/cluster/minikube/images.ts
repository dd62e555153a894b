import { UserError } from '../../lib/errors.ts';
import { isFields, itemsOf, parseJson } from '../../lib/json.ts';
import { fileWorkMs } from '../images/deadline.ts';
import type { StepLimits } from '../provider.ts';
import { askMinikube, type Minikube, runMinikube } from './call.ts';
import { listImagesArgs, loadImagesArgs } from './commands.ts';
import { inspectProfile } from './inspect.ts';

/** The references in the output of `image ls`; none in what is no JSON: then the images count as missing. */
export const parseImages = (text: string): readonly string[] =>
  itemsOf(parseJson(text))
    .filter(isFields)
    .flatMap(({ repoTags }) => itemsOf(repoTags))
    .filter((tag) => typeof tag === 'string');

/** Full references of the node's images. */
const listImages = async (minikube: Minikube, profile: string, limits: StepLimits): Promise<ReadonlySet<string>> => {
  const { exitCode, stdout } = await askMinikube(minikube, listImagesArgs(profile), limits);
  return new Set(exitCode === 0 ? parseImages(stdout) : []);
};

export type LoadInput = StepLimits & {
  readonly minikube: Minikube;
  readonly profile: string;
  readonly driver: string;
  /** OCI archive. */
  readonly archive: string;
  readonly refs: readonly string[];
};

/** If the node or Docker stopped meanwhile, the archive is not the cause. Throws UserError `cluster.minikube-gone`. */
const verifyRunning = async (minikube: Minikube, profile: Pick<LoadInput, 'profile' | 'driver'>): Promise<void> => {
  const { state } = await inspectProfile(minikube, profile);
  if (state === 'running' || state === 'degraded' || state === 'paused') return;
  throw new UserError(`Minikube's node of ${profile.profile} stopped while images were loaded: it is ${state}`, {
    id: 'cluster.minikube-gone',
    hint: 'run up again',
  });
};

/**
 * Loads an archive into the node unless it has all of `refs`, and verifies it: minikube reports success even if a load
 * failed. Throws UserError `cluster.images-missing`.
 */
export const loadImages = async (input: LoadInput): Promise<void> => {
  const { minikube, profile, driver, archive, refs, ...limits } = input;
  const before = await listImages(minikube, profile, limits);
  if (refs.every((ref) => before.has(ref))) return;
  const timeoutMs = await fileWorkMs(archive, limits.timeoutMs);
  await runMinikube(minikube, loadImagesArgs(profile, archive), { ...limits, timeoutMs });
  const after = await listImages(minikube, profile, limits);
  const missing = refs.filter((ref) => !after.has(ref));
  if (missing.length === 0) return;
  await verifyRunning(minikube, { profile, driver });
  throw new UserError(`Minikube's node does not list ${missing.join(', ')} after ${archive} was loaded`, {
    id: 'cluster.images-missing',
    hint: "is the node's disk full, or the archive damaged? Remove it from the cache and run up again",
  });
};
