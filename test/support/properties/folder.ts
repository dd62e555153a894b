import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';

/** A folder for all inputs of a file of properties, by a function, since it is there only once the tests run. */
export const sharedFolder = (): (() => string) => {
  let dir = '';
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'tg-'));
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));
  return () => dir;
};
