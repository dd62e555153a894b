import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf } from '../lib/errors.ts';
import { execaRunner } from '../lib/process/runner.ts';
import { supervise } from './children.ts';
import { readOrders, tellStarter } from './handshake.ts';
import type { KeeperSpec, SetupStep } from './spec.ts';
import { serveStatus } from './status-socket.ts';

/**
 * The background process of an instance. Furnishes its namespaces, says so, waits for `go`, then keeps the children
 * of the spec running. Never returns; throws when the setup fails, or when stdin ends before `detach` was read: then
 * the starter died, and all that was started ends with this process.
 */
export const keep = async (specPath: string): Promise<never> => {
  const startedAt = performance.now();
  const orders = readOrders();
  const spec = JSON.parse(await readFile(specPath, 'utf8')) as KeeperSpec;
  await furnish(spec);
  tellStarter({ event: 'furnished' });
  await Promise.race([orders.go, orders.starterDied]);
  const children = supervise(spec.children, spec.logsDir, (name, state, detail) =>
    tellStarter({ event: 'child', name, state, ...(detail && { detail }) }),
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
    tellStarter({ event: 'failed', message: messageOf(error) });
    throw error;
  }
};

const furnishOne = async (step: SetupStep): Promise<unknown> => {
  if ('run' in step) return execaRunner(step.run);
  await mkdir(dirname(step.write.path), { recursive: true });
  return writeFile(step.write.path, step.write.text);
};
