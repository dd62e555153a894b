import type { Broken, Fault } from './faults/fault.ts';
import { last } from './faults/processes.ts';

type Breaking = {
  readonly lastsMs: number;
  /** Told what is broken now, once it is seen to be. */
  readonly onInjected: (seen: string) => void;
  readonly signal: AbortSignal;
};

/** What was broken, and since when it may come back, by `performance.now()`. */
export type Mended = Pick<Broken, 'seen' | 'isBack'> & { readonly sinceMs: number };

/** Breaks it, ends what lasts, and mends what does not mend itself: whatever happens, an abort included. */
export const breakAndMend = async (fault: Fault, { lastsMs, onInjected, signal }: Breaking): Promise<Mended> => {
  try {
    const { seen, isBack, lift } = await fault.inject();
    let sinceMs = performance.now();
    try {
      onInjected(seen);
      if (lift) await last(lastsMs, signal);
    } finally {
      await lift?.();
    }
    if (lift) sinceMs = performance.now();
    return { seen, isBack, sinceMs };
  } finally {
    await fault.repair?.();
  }
};
