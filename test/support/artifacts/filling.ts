import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtifactSource, Item, SourceName } from '../../../src/artifacts/item.ts';
import type { FillOptions } from '../../../src/artifacts/store/ensure.ts';
import type { ArtifactProgress } from '../../../src/artifacts/store/progress.ts';
import { UserError } from '../../../src/lib/errors.ts';
import { fakeRunner } from '../../fakes/runner.ts';
import { temporaryDir } from '../temporary-dir.ts';

export const gives = (name: SourceName, text: string): ArtifactSource => ({
  name,
  make: async (dir) => {
    await mkdir(dir, { recursive: true });
    await writeFile(join(dir, 'file'), text);
  },
});

export const fails = (name: SourceName, error: unknown): ArtifactSource => ({
  name,
  make: () => Promise.reject(error),
});

export const refusal = (message: string) =>
  new UserError(message, { id: 'artifact.unavailable', hint: `hint of ${message}` });

export const item = (name: string, ...sources: readonly ArtifactSource[]): Item => ({
  name,
  version: 'v1',
  key: `${name}-v1`,
  sources,
});

export const setUpFilling = async (changes: Partial<FillOptions> = {}) => {
  const reports: ArtifactProgress[] = [];
  const filling: FillOptions = {
    cacheDir: await temporaryDir(),
    templatesDir: '/templates',
    arch: 'amd64',
    runner: fakeRunner({}).runner,
    signal: new AbortController().signal,
    report: (progress) => reports.push(progress),
    ...changes,
  };
  const lines = () => reports.map(({ name, state, detail }) => `${name} ${state} ${detail}`);
  return { filling, lines };
};
