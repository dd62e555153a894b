import { join } from 'node:path';
import type { Kube } from '../../../../src/lib/kube/client.ts';
import type { GatewayEndpoint } from '../../../../src/model/gateway-endpoint.ts';
import { findArtifacts } from '../../artifacts.ts';
import type { BenchContext } from '../../context.ts';
import { type Spread, spreadOf, typicalIndex } from '../../statistics.ts';
import { seconds } from '../../units.ts';
import { measureSecondUp } from '../lifecycle.ts';
import { sampleOnce } from '../listeners.ts';
import { startServer } from '../server.ts';
import { withGatewayByHand } from './by-hand.ts';
import { measureCapacity } from './capacity.ts';
import { timeProcessDuring } from './process-time.ts';
import { type MinikubeResults, type WayName, type WayResults, type WayRun, ways } from './results.ts';

/** What can be asked of a Gateway however it was made. */
const measureGateway = async (kube: Kube, gateway: GatewayEndpoint, { quick, signal }: BenchContext) => {
  const listeners = await measureCapacity(kube, gateway);
  const server = await startServer(kube, gateway, signal);
  const listenerMs: number[] = [];
  while (listenerMs.length < (quick ? 3 : 7)) listenerMs.push((await sampleOnce(server, signal)).firstByteMs);
  return { listeners, listenerMs };
};

const isMinikubeStart = ([program = '', ...args]: readonly string[]): boolean =>
  /(^|\/)minikube$/.test(program) && args.includes('start');

const runTaskgate = async (context: BenchContext, provider: 'minikube' | 'native'): Promise<WayRun> => {
  const { taskgate } = context;
  const settings = { TASKGATE_PROVIDER: provider };
  try {
    const { result, processMs } = await timeProcessDuring(isMinikubeStart, () => taskgate.up(settings));
    if (provider === 'minikube' && processMs === undefined) throw new Error('`up` called no `minikube start`');
    const second = await measureSecondUp(taskgate, settings);
    const { gateway } = await taskgate.record();
    if (!gateway) throw new Error('the instance has no Gateway');
    return {
      firstByteMs: result.ms,
      ...(processMs !== undefined && { startMs: processMs }),
      commands: [`npx taskgate up --provider ${provider}`],
      ...(await measureGateway(await taskgate.kube(), gateway, context)),
      stages: result.stages,
      second,
    };
  } finally {
    await taskgate.down();
  }
};

const runByHand = async (context: BenchContext): Promise<WayRun> => {
  const { signal } = context;
  const input = { dir: join(context.stateHome, 'by-hand'), artifacts: await findArtifacts(signal), signal };
  return withGatewayByHand(input, async ({ kube, gateway, ...measured }) => ({
    ...measured,
    ...(await measureGateway(kube, gateway, context)),
  }));
};

const runs: Readonly<Record<WayName, (context: BenchContext) => Promise<WayRun>>> = {
  'by hand': runByHand,
  'taskgate on Minikube': (context) => runTaskgate(context, 'minikube'),
  'taskgate native': (context) => runTaskgate(context, 'native'),
};

const spreadIfAny = <K extends string>(key: K, samples: readonly (number | undefined)[]): { [key in K]?: Spread } => {
  const known = samples.filter((sample) => sample !== undefined);
  return known.length > 0 ? ({ [key]: spreadOf(known) } as { [key in K]: Spread }) : {};
};

/** The runs of one way as one row; undefined when there are none. */
export const sumUpWay = (way: WayName, all: readonly WayRun[]): WayResults | undefined => {
  const [first] = all;
  if (!first) return undefined;
  const { stages } = all[typicalIndex(all.map(({ firstByteMs }) => firstByteMs))] ?? first;
  return {
    way,
    firstByteMs: spreadOf(all.map(({ firstByteMs }) => firstByteMs)),
    beyondStartMs: spreadOf(all.map(({ firstByteMs, startMs = 0 }) => firstByteMs - startMs)),
    ...spreadIfAny(
      'startMs',
      all.map(({ startMs }) => startMs),
    ),
    ...spreadIfAny(
      'imageLoadMs',
      all.map(({ imageLoadMs }) => imageLoadMs),
    ),
    commands: first.commands,
    listeners: Math.min(...all.map(({ listeners }) => listeners)),
    listenerMs: spreadOf(all.flatMap(({ listenerMs }) => listenerMs)),
    ...spreadIfAny(
      'secondMs',
      all.map(({ second }) => second?.ms),
    ),
    ...(stages && { stages }),
    ...(first.second && { changedBySecond: all.flatMap(({ second }) => second?.changes ?? []) }),
  };
};

/** A Gateway from nothing in each way, in turns. */
export const measureMinikube = async (context: BenchContext): Promise<MinikubeResults> => {
  const { quick, say, attempt } = context;
  const done: { readonly way: WayName; readonly run: WayRun }[] = [];
  for (let round = 1; round <= (quick ? 1 : 3); round++) {
    for (const way of ways) {
      say(`a Gateway from nothing: ${way}, round ${round}`);
      const run = await attempt(`${way}, round ${round}`, () => runs[way](context));
      if (!run) continue;
      say(`${way}: first byte after ${seconds(run.firstByteMs)}, minikube start ${seconds(run.startMs ?? 0)} of it`);
      done.push({ way, run });
    }
  }
  return ways.flatMap(
    (way) =>
      sumUpWay(
        way,
        done.filter((one) => one.way === way).map(({ run }) => run),
      ) ?? [],
  );
};
