import { createInterface } from 'node:readline';
import { ExpectedEnd } from './last-words.ts';
import type { StarterEvent } from './spec.ts';

/** Sends an event to the starter, which reads until it detaches the daemon. */
export const emit = (event: StarterEvent): void => {
  process.stdout.write(`${JSON.stringify(event)}\n`);
};

/**
 * Reads the lines `go` and `detach` that the starter writes to stdin. `go` resolves when the daemon may start its work;
 * `starterDied` rejects when the stream ends without `detach`. Tested in test/process/tunnel-daemon.test.ts.
 */
export const readHandshake = () => {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  const { promise: go, resolve } = Promise.withResolvers<void>();
  const { promise: starterDied, reject } = Promise.withResolvers<never>();
  let detached = false;
  const lines = createInterface(process.stdin);
  lines.on('line', (line) => {
    if (line === 'go') resolve();
    if (line === 'detach') detached = true;
  });
  lines.on('close', () => {
    if (!detached) reject(new ExpectedEnd('the starter ended before it detached this process'));
  });
  return { go, starterDied };
};
