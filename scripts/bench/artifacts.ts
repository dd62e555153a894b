import { join } from 'node:path';
import type { Artifacts } from '../../src/artifacts/artifacts.ts';
import { execaRunner } from '../../src/lib/process/runner.ts';

/** Where the cache has what a cluster is made of; what is missing is fetched or built first. */
export const findArtifacts = async (signal: AbortSignal): Promise<Artifacts> => {
  const program = join(import.meta.dirname, '..', 'taskgate.js');
  const { stdout } = await execaRunner([process.execPath, program, 'prefetch', '--json'], { signal });
  return JSON.parse(stdout) as Artifacts;
};
