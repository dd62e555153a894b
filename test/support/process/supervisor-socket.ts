import { createServer } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Instance } from '../../../src/instance/instance.ts';
import { instancePaths } from '../../../src/instance/paths.ts';
import { findProcess } from '../../../src/lib/process/processes.ts';
import type { ChildStatus } from '../../../src/supervisor/spec.ts';

/** Has this process pass for the supervisor of an instance, with these children. */
export const serveSupervisor = async (instance: Instance, children: readonly ChildStatus[]): Promise<void> => {
  const self = await findProcess(process.pid);
  if (!self) throw new Error('no /proc');
  await instance.journal({ kind: 'keeper', process: self });
  const server = createServer((socket) =>
    socket.end(`${JSON.stringify({ instance: 'dev', uptimeMs: 1, children })}\n`),
  );
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(instancePaths(instance.dir).supervisorSocketPath, resolve));
};
