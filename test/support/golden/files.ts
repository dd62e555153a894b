import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A file of test/golden, as it is. */
export const golden = (name: string): string =>
  readFileSync(join(import.meta.dirname, '..', '..', 'golden', name), 'utf8');

/** The lines of such a file; `#` begins a comment. */
export const goldenLines = (name: string): readonly string[] =>
  golden(name)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));

/** As instance.json and most other files are written. */
export const asJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** A folder that goes with the test. */
export const temporaryFolder = async (): Promise<string> => {
  const path = await mkdtemp(join(tmpdir(), 'tg-golden-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
};
