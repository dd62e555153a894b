import type { Target } from '../../src/proof/probe/dial.ts';
import type { BenchContext } from './context.ts';
import { measureRecoveries, type Recoveries } from './ssh-faults.ts';
import { type Load, loadConcurrent, loadShort, loadStream, messages } from './ssh-load.ts';
import { startTunnels, type Tunnels } from './ssh-tunnels.ts';
import { ratiosOf, type Spread, spreadOf } from './statistics.ts';

/** Our tunnel and plain `ssh -R -N` under the same load in turns; `lost` is what did not come back through each. */
export type SshCompared = {
  /** What went through each of them in a round, in the unit of the load. */
  readonly amount: number;
  readonly ours: Spread;
  readonly plain: Spread;
  readonly ratio: Spread;
  readonly lost: { readonly ours: number; readonly plain: number };
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
  { ours, plain }: Tunnels,
  { amount, load }: { readonly amount: number; readonly load: (target: Target) => Promise<Load> },
  { quick, signal }: Context,
): Promise<SshCompared> => {
  const targets = { ours, plain };
  const samples = { ours: [] as number[], plain: [] as number[] };
  const lost = { ours: 0, plain: 0 };
  for (let round = 0; round < (quick ? 1 : 3); round++) {
    const order = round % 2 === 0 ? (['ours', 'plain'] as const) : (['plain', 'ours'] as const);
    for (const path of order) {
      signal.throwIfAborted();
      const { perSecond, lost: missing } = await load(targets[path]);
      samples[path].push(perSecond);
      lost[path] += missing;
    }
  }
  return {
    amount,
    ours: spreadOf(samples.ours),
    plain: spreadOf(samples.plain),
    ratio: spreadOf(ratiosOf(samples.ours, samples.plain)),
    lost,
  };
};

/** What our ssh tunnel costs beside plain ssh, what it loses, and how soon it is back after faults. */
export const measureSsh = async (context: Context): Promise<SshResults> => {
  const { quick, say } = context;
  const [connections, bytes] = quick ? [500, 2 ** 26] : [5_000, 2 ** 30];
  const tunnels = await startTunnels(context);
  try {
    say('short connections through our ssh tunnel and plain ssh');
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
