import type { HostPort } from '../../../../src/proof/probe/dial.ts';
import type { BenchContext } from '../../context.ts';
import { ratiosOf, type Spread, spreadOf } from '../../statistics.ts';
import { measureRecoveries, type Recoveries } from './faults.ts';
import { type Load, loadConcurrent, loadShort, loadStream, messages } from './load.ts';
import { startTunnels, type Tunnels } from './tunnels.ts';

/** taskgate's tunnel and plain `ssh -R -N` under the same load in turns; `lost` is what did not come back through each. */
export type SshCompared = {
  /** What went through each of them in a round, in the unit of the load. */
  readonly amount: number;
  readonly taskgate: Spread;
  readonly plain: Spread;
  readonly ratio: Spread;
  readonly lost: { readonly taskgate: number; readonly plain: number };
};

export type SshResults = {
  /** New connections a second; 5,000 short ones a round. */
  readonly short: SshCompared;
  /** Messages of 1 KiB a second on 200 connections at once. */
  readonly concurrent: SshCompared;
  /** Bytes a second; a stream of 1 GiB there and back. */
  readonly stream: SshCompared;
  /** In milliseconds. */
  readonly recoveries: Recoveries;
};

type Context = Pick<BenchContext, 'quick' | 'signal' | 'say'>;

const compare = async (
  { taskgate, plain }: Tunnels,
  { amount, load }: { readonly amount: number; readonly load: (target: HostPort) => Promise<Load> },
  { quick, signal }: Context,
): Promise<SshCompared> => {
  const targets = { taskgate, plain };
  const samples = { taskgate: [] as number[], plain: [] as number[] };
  const lost = { taskgate: 0, plain: 0 };
  for (let round = 0; round < (quick ? 1 : 3); round++) {
    const order = round % 2 === 0 ? (['taskgate', 'plain'] as const) : (['plain', 'taskgate'] as const);
    for (const path of order) {
      signal.throwIfAborted();
      const { perSecond, lost: missing } = await load(targets[path]);
      samples[path].push(perSecond);
      lost[path] += missing;
    }
  }
  return {
    amount,
    taskgate: spreadOf(samples.taskgate),
    plain: spreadOf(samples.plain),
    ratio: spreadOf(ratiosOf(samples.taskgate, samples.plain)),
    lost,
  };
};

/** What taskgate's ssh tunnel costs beside plain ssh, what it loses, and how soon it is back after faults. */
export const measureSsh = async (context: Context): Promise<SshResults> => {
  const { quick, say } = context;
  const [connections, bytes] = quick ? [500, 2 ** 26] : [5_000, 2 ** 30];
  const tunnels = await startTunnels(context);
  try {
    say('short connections through the ssh tunnel of taskgate and plain ssh');
    const short = await compare(
      tunnels,
      { amount: connections, load: (target) => loadShort(target, connections) },
      context,
    );
    say('200 connections at once');
    const concurrent = await compare(
      tunnels,
      { amount: 200 * messages, load: (target) => loadConcurrent(target, 200) },
      context,
    );
    say('a stream');
    const stream = await compare(tunnels, { amount: bytes, load: (target) => loadStream(target, bytes) }, context);
    say('faults');
    return { short, concurrent, stream, recoveries: await measureRecoveries(tunnels, context) };
  } finally {
    await tunnels.close();
  }
};
