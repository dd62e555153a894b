import { createInterface } from 'node:readline';
import type { StarterEvent } from './spec.ts';

/** What the starter writes to a daemon's stdin. An end of the stream without `detach` means that the starter died. */
type Signal = 'go' | 'detach';

/** Sends an event to the starter, which reads until it detaches the daemon. */
export const emit = (event: StarterEvent): void => {
  process.stdout.write(`${JSON.stringify(event)}\n`);
};

/**
 * Reads what the starter sends. `go` resolves when the daemon may start its work; `starterDied` rejects when the starter
 * ended before it detached the daemon. Tested in test/process/tunnel-daemon.test.ts.
 */
export const readHandshake = () => {
  process.stdout.on('error', () => undefined);
  const { promise: go, resolve } = Promise.withResolvers<void>();
  const { promise: starterDied, reject } = Promise.withResolvers<never>();
  let detached = false;
  const lines = createInterface(process.stdin);
  lines.on('line', (line) => {
    const signal = line.trim() as Signal;
    if (signal === 'go') resolve();
    if (signal === 'detach') detached = true;
  });
  lines.on('close', () => {
    if (!detached) reject(new Error('the starter ended before it detached this process'));
  });
  return { go, starterDied };
};
