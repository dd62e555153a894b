import { loadavg } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import type { BenchContext } from '../context.ts';
import type { ListenerTimes } from '../results.ts';
import { spreadOf } from '../statistics.ts';
import { milliseconds } from '../units.ts';
import { type Exposed, expose, type Server, unexpose } from './server.ts';

type Sample = { readonly writeMs: number; readonly firstByteMs: number };

const restMs = 1_000;

/** Adds one listener as the master does for a task (GET, PUT, Service, TCPRoute), and takes it away again. */
export const sampleOnce = async (server: Server, signal: AbortSignal): Promise<Sample> => {
  const startMs = performance.now();
  const exposed = await expose(server, { count: 1, signal });
  const firstByteMs = performance.now() - startMs;
  await unexpose(server, exposed);
  await pause(restMs, undefined, { signal });
  return { writeMs: exposed.writeMs, firstByteMs };
};

type Sweep = { readonly listenerLimit: number; readonly sizes: readonly number[] };

const samplesAt = (listeners: number, quick: boolean): number => (quick ? 3 : listeners > 100 ? 7 : 10);

const measureAt = async (server: Server, listeners: number, context: BenchContext): Promise<readonly Sample[]> => {
  const samples: Sample[] = [];
  for (let count = 0; count < samplesAt(listeners, context.quick); count++) {
    samples.push(await sampleOnce(server, context.signal));
  }
  return samples;
};

/** How long the nth listener takes, for each n of the sizes: the Gateway holds n - 1 while it is added. */
export const measureListeners = async (
  server: Server,
  { listenerLimit, sizes }: Sweep,
  context: BenchContext,
): Promise<readonly ListenerTimes[]> => {
  const { say, signal, attempt } = context;
  const filling: Exposed[] = [];
  const times: ListenerTimes[] = [];
  for (const listeners of sizes) {
    const samples = await attempt(`listener ${listeners} (listenerLimit ${listenerLimit})`, async () => {
      const present = filling.reduce((sum, { exposures }) => sum + exposures.length, 0);
      const missing = listeners - 1 - present;
      if (missing > 0) filling.push(await expose(server, { count: missing, signal }));
      await pause(2 * restMs, undefined, { signal });
      return measureAt(server, listeners, context);
    });
    if (!samples) break;
    const writeMs = spreadOf(samples.map((sample) => sample.writeMs));
    const firstByteMs = spreadOf(samples.map((sample) => sample.firstByteMs));
    say(`listener ${listeners}: first byte after ${milliseconds(firstByteMs.median)}`);
    times.push({ listenerLimit, listeners, writeMs, firstByteMs, load: loadavg()[0] ?? 0 });
  }
  return times;
};
