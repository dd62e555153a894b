import { hasCode } from '../lib/errors.ts';
import { type EndingSignal, Interrupted } from './exit-codes.ts';

/**
 * Ends the work in an orderly way at the first SIGINT or SIGTERM, by aborting with {@link Interrupted}; the second one
 * ends the process as usual. Returns a function that stops listening.
 * Tested in test/process/interrupt.test.ts.
 */
export const listenForSignals = (controller: AbortController): (() => void) => {
  const listeners = (['SIGINT', 'SIGTERM'] as const).map((signal: EndingSignal) => {
    const stop = () => process.off(signal, listener);
    const listener = () => {
      if (!controller.signal.aborted) return controller.abort(new Interrupted(signal));
      stop();
      process.kill(process.pid, signal);
    };
    // not `once`: signal-exit, which execa brings, ends the process when it finds no listener but its own
    process.on(signal, listener);
    return stop;
  });
  return () => {
    for (const stop of listeners) stop();
  };
};

/** `taskgate status | head` closes our stdout early; that is no fault. */
export const allowClosedOutput = (): void => {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error) => {
      if (!hasCode(error, 'EPIPE')) throw error;
    });
  }
};
