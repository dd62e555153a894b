import { type EndingSignal, Interrupted } from '../lib/process/interrupted.ts';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const satisfies readonly EndingSignal[];

/**
 * Signals that come together are one request: a terminal sends Ctrl-C to this process and to sudo before it, and sudo
 * passes on what it gets.
 */
const togetherMs = 1_000;

/**
 * Ends the work in an orderly way at the first SIGINT, SIGTERM or SIGHUP, by aborting with {@link Interrupted}; a further one
 * ends the process as usual, if it comes more than a second later. Returns a function that stops listening.
 * Tested in test/process/interrupt.test.ts and test/process/sudo-signals.test.ts.
 */
export const listenForSignals = (controller: AbortController): (() => void) => {
  let firstAt: number | undefined;
  const listeners = signals.map((signal) => {
    const stop = () => process.off(signal, listener);
    const listener = () => {
      firstAt ??= performance.now();
      if (!controller.signal.aborted) return controller.abort(new Interrupted(signal));
      if (performance.now() - firstAt < togetherMs) return;
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
