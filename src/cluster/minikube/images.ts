import { UserError } from '../../lib/errors.ts';
import type { StepLimits } from '../provider.ts';
import { askMinikube, type Minikube, runMinikube } from './call.ts';
import { listImagesArgs, loadImagesArgs } from './commands.ts';

type Image = { readonly repoTags?: readonly string[] | null };

/** Tags of the images that the node has, in full. */
const parseImages = (json: string): ReadonlySet<string> =>
  new Set((JSON.parse(json) as readonly Image[] | null)?.flatMap(({ repoTags }) => repoTags ?? []));

const listImages = async (minikube: Minikube, profile: string, limits: StepLimits): Promise<ReadonlySet<string>> => {
  const { exitCode, stdout } = await askMinikube(minikube, listImagesArgs(profile), limits);
  return exitCode === 0 ? parseImages(stdout) : new Set();
};

export type LoadInput = StepLimits & {
  readonly minikube: Minikube;
  readonly profile: string;
  /** OCI archive. */
  readonly archive: string;
  readonly refs: readonly string[];
};

/**
 * Loads an archive into the node unless it has all of `refs`. Minikube says of a load that failed that it succeeded, so
 * the node is asked afterwards. Throws UserError `cluster.images-missing`.
 */
export const loadImages = async ({ minikube, profile, archive, refs, ...limits }: LoadInput): Promise<void> => {
  const before = await listImages(minikube, profile, limits);
  if (refs.every((ref) => before.has(ref))) return;
  await runMinikube(minikube, loadImagesArgs(profile, archive), limits);
  const after = await listImages(minikube, profile, limits);
  const missing = refs.filter((ref) => !after.has(ref));
  if (missing.length === 0) return;
  throw new UserError(`Minikube's node does not list ${missing.join(', ')} after the load of ${archive}`, {
    id: 'cluster.images-missing',
    hint: 'is the disk of the node full, or the archive damaged? Remove it from the cache and run again',
  });
};
