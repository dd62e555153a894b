import type { Work } from '../../src/artifacts/item.ts';
import { loadDigests } from '../../src/artifacts/store/digests.ts';
import { makeNetwork } from '../../src/artifacts/store/network.ts';
import { makeQueue } from '../../src/artifacts/store/queue.ts';
import { noPins, type Proof } from '../../src/artifacts/store/trust.ts';
import { fakeRunner } from '../fakes/runner.ts';
import { ca } from './release-server.ts';
import { temporaryDir } from './temporary-dir.ts';

/** What a source works with, and what it told. No command is known unless a runner is given. */
export const fakeWork = async (options: Partial<Work> = {}) => {
  const told: string[] = [];
  const proofs: Proof[] = [];
  const cacheDir = options.cacheDir ?? (await temporaryDir());
  const signal = options.signal ?? new AbortController().signal;
  const work: Work = {
    cacheDir,
    templatesDir: '/templates',
    arch: 'amd64',
    runner: fakeRunner({}).runner,
    signal,
    report: (state, detail, now) => told.push(`${state}: ${detail}${now ? `, now ${now}` : ''}`),
    network: makeNetwork({ ca, stallTimeoutMs: 300 }, signal),
    digests: await loadDigests(cacheDir),
    trust: noPins,
    prove: (proof) => proofs.push(proof),
    buildQueue: makeQueue(),
    ensure: ({ name }) => Promise.reject(new Error(`not told about ${name}`)),
    ...options,
  };
  return { work, told, proofs };
};
