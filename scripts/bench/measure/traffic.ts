import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { dialHttp, type HostPort } from '../../../src/proof/probe/dial.ts';
import type { BenchContext } from '../context.ts';
import type { Compared, Traffic } from '../results.ts';
import { ratiosOf, spreadOf } from '../statistics.ts';
import { expose, largePath, ports, type Server, targetOf, unexpose } from './server.ts';

const connectionsAtOnce = 8;
const streamsAtOnce = 4;

type Count = { readonly perSecond: number; readonly failed: number };
type Load = (target: HostPort, ms: number) => Promise<Count>;

/** Connects, sends a small request, reads the answer to its end; again and again on 8 connections at once. */
const loadConnections: Load = async (target, ms) => {
  const startMs = performance.now();
  let [answered, failed] = [0, 0];
  const work = async () => {
    while (performance.now() - startMs < ms) {
      const { outcome } = await dialHttp(target, 5_000, '/hostname');
      if (outcome === 'answered') answered++;
      else failed++;
    }
  };
  await Promise.all(Array.from({ length: connectionsAtOnce }, work));
  return { perSecond: answered / ((performance.now() - startMs) / 1_000), failed };
};

/** Reads large bodies on 4 connections at once and throws them away. */
const loadStreams: Load = async (target, ms) => {
  const buffer = Buffer.alloc(2 ** 20);
  let [bytes, failed, done] = [0, 0, false];
  const onread = {
    buffer,
    callback: (size: number) => {
      bytes += size;
      return true;
    },
  };
  const stream = () => {
    const socket = connect({ ...target, onread });
    socket.write(`GET ${largePath} HTTP/1.0\r\n\r\n`);
    socket.on('error', () => failed++);
    socket.on('close', () => done || sockets.splice(sockets.indexOf(socket), 1, stream()));
    return socket;
  };
  const sockets = Array.from({ length: streamsAtOnce }, stream);
  const startMs = performance.now();
  await pause(ms);
  const perSecond = bytes / ((performance.now() - startMs) / 1_000);
  done = true;
  for (const socket of sockets) socket.destroy();
  return { perSecond, failed };
};

type Pair = { readonly gateway: HostPort; readonly direct: HostPort };

/** Both targets in turns, the first one changing from pair to pair. */
const compare = async (load: Load, pair: Pair, { quick, signal }: BenchContext) => {
  const ms = quick ? 1_000 : 3_000;
  const samples = { gateway: [] as number[], direct: [] as number[] };
  let failed = 0;
  for (let round = 0; round < (quick ? 2 : 6); round++) {
    const order = round % 2 === 0 ? (['gateway', 'direct'] as const) : (['direct', 'gateway'] as const);
    for (const path of order) {
      signal.throwIfAborted();
      const count = await load(pair[path], ms);
      samples[path].push(count.perSecond);
      failed += count.failed;
    }
  }
  const compared: Compared = {
    gateway: spreadOf(samples.gateway),
    direct: spreadOf(samples.direct),
    ratio: spreadOf(ratiosOf(samples.gateway, samples.direct)),
  };
  return { compared, failed };
};

const compareThrough = async (server: Server, podPort: number, load: Load, context: BenchContext) => {
  const exposed = await expose(server, { count: 1, podPort, signal: context.signal });
  const [exposure] = exposed.exposures;
  if (!exposure) throw new Error('no listener to send traffic through');
  const pair = { gateway: targetOf(server, exposure), direct: { host: server.podAddress, port: podPort } };
  try {
    return await compare(load, pair, context);
  } finally {
    await unexpose(server, exposed);
  }
};

/** What the Gateway costs: the same client, the same server, with and without it. */
export const measureTraffic = async (server: Server, context: BenchContext): Promise<Traffic> => {
  const connections = await compareThrough(server, ports.small, loadConnections, context);
  const streams = await compareThrough(server, ports.large, loadStreams, context);
  if (streams.failed > 0) throw new Error(`${streams.failed} connections failed while measuring the throughput`);
  return {
    connectionsPerSecond: connections.compared,
    failedConnections: connections.failed,
    bytesPerSecond: streams.compared,
  };
};
