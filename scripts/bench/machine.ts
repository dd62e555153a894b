import { cpus, loadavg, release, totalmem } from 'node:os';
import type { Machine } from './results.ts';

export const inspectMachine = (): Machine => ({
  cores: cpus().length,
  cpu: cpus()[0]?.model ?? 'unknown',
  memoryBytes: totalmem(),
  kernel: release(),
  node: process.version,
  loadAverage: loadavg(),
});
