import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { messageOf } from '../lib/errors.ts';
import { execaRunner } from '../lib/runner.ts';
import { supervise } from './children.ts';
import { serveStatus } from './control.ts';
import type { KeeperEvent, KeeperSpec, SetupStep } from './spec.ts';

/** What the starter writes to the keeper's stdin. Its end without `detach` means that the starter died. */
type Order = 'go' | 'detach';

const tell = (event: KeeperEvent): void => {
  process.stdout.write(`${JSON.stringify(event)}\n`);
};

/**
 * The background process of an instance. Furnishes its namespaces, says so, waits for `go`, then keeps the children
 * of the spec running. Never returns; throws when the setup fails, or when stdin ends before `detach` was read: then
 * the starter died, and all that was started ends with this process.
 */
export const keep = async (specPath: string): Promise<never> => {
  const startedAt = performance.now();
  const orders = readOrders();
  process.stdout.on('error', () => undefined);
  const spec = JSON.parse(await readFile(specPath, 'utf8')) as KeeperSpec;
  await furnish(spec);
  tell({ event: 'furnished' });
  await Promise.race([orders.go, orders.starterDied]);
  const children = supervise(spec.children, spec.logsDir, (name, state, detail) =>
    tell({ event: 'child', name, state, ...(detail && { detail }) }),
  );
  await serveStatus(spec.socketPath, () => ({
    instance: spec.instance,
    uptimeMs: Math.round(performance.now() - startedAt),
    children: children(),
  }));
  return orders.starterDied;
};

const furnish = async ({ logsDir, setup }: KeeperSpec): Promise<void> => {
  try {
    await mkdir(logsDir, { recursive: true, mode: 0o700 });
    for (const step of setup) await furnishOne(step);
  } catch (error) {
    tell({ event: 'failed', message: messageOf(error) });
    throw error;
  }
};

const furnishOne = async (step: SetupStep): Promise<unknown> => {
  if ('run' in step) return execaRunner(step.run);
  await mkdir(dirname(step.write.path), { recursive: true });
  return writeFile(step.write.path, step.write.text);
};

const readOrders = () => {
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
