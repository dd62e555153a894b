import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A folder that goes away with the test. Its path is short: sockets in it may have no more than 107 bytes. */
export const temporaryDir = async (): Promise<string> => {
  const dir = await mkdtemp(join(tmpdir(), 'tg-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
};

/**
 * A folder below /tmp for what must not be in TMPDIR: a native node hides /run, where the rig for Minikube has its own. Its name
 * begins with that of the run's folder, so that the end of the run finds it.
 */
export const runDir = (what: string): Promise<string> => mkdtemp(`/tmp/${basename(tmpdir())}-${what}-`);
