import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { onTestFinished, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { freePort } from '../src/lib/free-port.ts';
import { httpRequest, readBytes } from '../src/lib/http/http.ts';
import { portForwarder } from '../src/lib/kube/port-forward.ts';
import { dialHttp } from '../src/proof/probe/dial.ts';
import { startPlaceholder } from '../src/proof/probe/placeholder-master.ts';
import { probePublicEnd } from '../src/tunnel/relay/probe.ts';
import { startRelay } from '../src/tunnel/relay/relay.ts';
import { fuzz, inputsWanted, slowInputs } from './support/fuzz/count.ts';
import { startFigures, timeout } from './support/fuzz/figures.ts';
import { mutateText } from './support/fuzz/mutate.ts';
import { sendBytes, startPeer } from './support/fuzz/peer.ts';
import * as seeds from './support/fuzz/seeds.ts';

const expectNone = startFigures();
const signal = new AbortController().signal;

test('the placeholder master: requests', { timeout }, async () => {
  const port = await freePort();
  const placeholder = await startPlaceholder({ host: '127.0.0.1', port });
  onTestFinished(placeholder.close);
  expectNone(
    'placeholder master',
    await fuzz((random) => sendBytes(port, mutateText(seeds.httpRequests, random)), { atOnce: 50, inputs: slowInputs }),
  );
});

test('the relay: what clients and the master behind it send', { timeout }, async () => {
  const peer = await startPeer();
  const relay = await startRelay({ target: { host: '127.0.0.1', port: peer.port }, secret: 's', silenceMs: 5 });
  onTestFinished(async () => {
    await relay.close();
    peer.close();
  });
  const send = (random: Parameters<typeof mutateText>[1]) => {
    peer.answerWith(mutateText(seeds.httpAnswers, random));
    return sendBytes(relay.port, mutateText(seeds.httpRequests, random));
  };
  expectNone('relay', await fuzz(send, { atOnce: 50, inputs: slowInputs }));
});

test('answers of public ends, of masters to a dial, and of any HTTP server', { timeout }, async () => {
  const peer = await startPeer();
  onTestFinished(peer.close);
  const address = { scheme: 'http', host: '127.0.0.1', port: peer.port } as const;
  const answering = (ask: () => Promise<unknown>) =>
    fuzz(
      (random) => {
        peer.answerWith(mutateText(seeds.httpAnswers, random));
        return ask();
      },
      { atOnce: 10, inputs: slowInputs },
    );
  expectNone('probe', await answering(() => probePublicEnd(address, 's', { signal, timeoutMs: 500 })));
  expectNone('dial', await answering(() => dialHttp(address, 500, '/info')));
  const url = `http://127.0.0.1:${peer.port}/`;
  const limits = { connectTimeoutMs: 500, stallTimeoutMs: 500 };
  const get = async () => readBytes(await httpRequest(url, { signal, ...limits }), signal, 10_000);
  expectNone('http', await answering(get));
});

test('port-forward: frames', { timeout }, async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const kubeconfig = JSON.stringify({
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'c' },
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'u', user: {} }],
  });
  const open = portForwarder(kubeconfig);
  const framesEach = 20;
  let frames: readonly Buffer[] = [];
  server.on('connection', (socket) => {
    for (const frame of frames) socket.send(frame, { binary: frame.length % 5 !== 0 });
    socket.close();
  });
  const seed = ['\u0000\u0050\u0000', '\u0001\u0050\u0000no', '\u0000data', '\u00ff\u0001', '\u00ff', ''] as const;
  const tally = await fuzz(
    async (random) => {
      frames = Array.from({ length: framesEach }, () => Buffer.from(mutateText(seed, random), 'latin1'));
      const stream = await open({ namespace: 'n', pod: 'p', port: 80 });
      stream.on('error', () => undefined).resume();
      if (!stream.destroyed) await once(stream, 'close').catch(() => undefined);
    },
    { inputs: Math.ceil(inputsWanted / framesEach) },
  );
  expectNone('port-forward frames', { ...tally, inputs: tally.inputs * framesEach });
});
