import type { ArtifactProgress } from '../../src/artifacts/artifacts.ts';
import { describeProgress } from '../../src/lib/progress.ts';

/** Whether a line is worth printing: each new state, and how far a slow one is from time to time. */
export const makeThrottle = (pauseMs: number) => {
  const printed = new Map<string, { readonly state: string; readonly atMs: number }>();
  return ({ name, state }: ArtifactProgress, nowMs: number): boolean => {
    const last = printed.get(name);
    if (last?.state === state && nowMs - last.atMs < pauseMs) return false;
    printed.set(name, { state, atMs: nowMs });
    return true;
  };
};

/** Says something on stderr, with the seconds since the start. */
export type Say = (line: string) => void;

export const makeSay = (program: string): Say => {
  const startMs = performance.now();
  return (line) => {
    process.stderr.write(`${program} ${((performance.now() - startMs) / 1000).toFixed(1).padStart(6)} s  ${line}\n`);
  };
};

/** Prints the progress of what is fetched and built. */
export const makeReport = (say: Say): ((progress: ArtifactProgress) => void) => {
  const isNews = makeThrottle(10_000);
  return (progress) => {
    if (progress.state !== 'cached' && isNews(progress, performance.now())) say(describeProgress(progress));
  };
};
