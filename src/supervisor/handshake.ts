import { createInterface } from 'node:readline';
import type { KeeperEvent } from './spec.ts';

/** What the starter writes to the keeper's stdin. Its end without `detach` means that the starter died. */
type Order = 'go' | 'detach';

/** Writes a line to the starter; nobody reads it any more once that has let go. */
export const tellStarter = (event: KeeperEvent): void => {
  process.stdout.write(`${JSON.stringify(event)}\n`);
};

/**
 * Listens to the starter. `go` resolves when the keeper may begin; `starterDied` rejects when the starter ended before
 * it let go.
 */
export const readOrders = () => {
  process.stdout.on('error', () => undefined);
  const { promise: go, resolve } = Promise.withResolvers<void>();
  const { promise: starterDied, reject } = Promise.withResolvers<never>();
  let detached = false;
  const lines = createInterface(process.stdin);
  lines.on('line', (line) => {
    const order = line.trim() as Order;
    if (order === 'go') resolve();
    if (order === 'detach') detached = true;
  });
  lines.on('close', () => {
    if (!detached) reject(new Error('the starter ended before it let go of the keeper'));
  });
  return { go, starterDied };
};
