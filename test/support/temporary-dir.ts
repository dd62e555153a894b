import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A folder that goes away with the test. Its path is short: sockets in it may have no more than 107 bytes. */
export const temporaryDir = async (): Promise<string> => {
  const dir = await mkdtemp(join(tmpdir(), 'tg-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
};
