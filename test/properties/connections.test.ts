import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll } from 'vitest';
import { WebSocketServer } from 'ws';
import { freePort } from '../../src/lib/free-port.ts';
import { httpRequest, readBytes } from '../../src/lib/http/http.ts';
import { portForwarder } from '../../src/lib/kube/port-forward.ts';
import { dialHttp } from '../../src/proof/probe/dial.ts';
import { startPlaceholder } from '../../src/proof/probe/placeholder-master.ts';
import { isQuestion } from '../../src/tunnel/relay/connection.ts';
import { makeProbe, probePublicEnd } from '../../src/tunnel/relay/probe.ts';
import { type Relay, startRelay } from '../../src/tunnel/relay/relay.ts';
import { mutatedText } from '../support/properties/mutations.ts';
import { type Peer, sendBytes, startPeer } from '../support/properties/peer.ts';
import { property } from '../support/properties/property.ts';
import * as seeds from '../support/properties/seeds.ts';
import { accepted, refused } from '../support/properties/shares.ts';

const signal = new AbortController().signal;
const several = <T>(one: fc.Arbitrary<T>) => fc.array(one, { minLength: 1, maxLength: 20 });
const countOf = (inputs: readonly unknown[]): number => inputs.length;
/** Connections take a thousand times as long as what is only read. */
const options = { weight: 60, countOf };

let peer: Peer;
let placeholder: Awaited<ReturnType<typeof startPlaceholder>>;
let placeholderPort: number;
let echo: ReturnType<typeof createServer>;
let relay: Relay;
let open = 0;

beforeAll(async () => {
  peer = await startPeer();
  placeholderPort = await freePort();
  placeholder = await startPlaceholder({ host: '127.0.0.1', port: placeholderPort });
  echo = createServer({ allowHalfOpen: true }, (socket) => {
    open += 1;
    socket
      .on('error', () => undefined)
      .on('close', () => {
        open -= 1;
      });
    socket.pipe(socket);
  });
  await once(echo.listen(0, '127.0.0.1'), 'listening');
  const target = { host: '127.0.0.1', port: (echo.address() as AddressInfo).port };
  relay = await startRelay({ target, secret: 's', silenceMs: 50 });
});
afterAll(async () => {
  await relay.close();
  await placeholder.close();
  peer.close();
  echo.close();
});

property(
  'connections: requests to the placeholder master',
  several(mutatedText(...seeds.httpRequests)),
  async (texts) => {
    await Promise.all(texts.map((text) => sendBytes(placeholderPort, text)));
  },
  options,
);

type Sent = { readonly text: string; readonly cuts: readonly number[] };
const sent: fc.Arbitrary<Sent> = fc.record({
  text: fc.oneof(
    mutatedText(...seeds.httpRequests),
    fc.constant(`GET ${makeProbe('s').path} HTTP/1.1\r\n\r\n`),
    fc.string({ unit: 'binary-ascii', maxLength: 5_000 }),
  ),
  cuts: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }),
});

/** Sends bytes in pieces, each on its own, and resolves with what came back; `reset` for a connection that was broken off. */
const exchange = ({ text, cuts }: Sent): Promise<Buffer | 'reset'> =>
  new Promise((resolve) => {
    const bytes = Buffer.from(text, 'latin1');
    const came: Buffer[] = [];
    const socket = connect({ host: '127.0.0.1', port: relay.port, noDelay: true }, async () => {
      let at = 0;
      for (let cut = 0; at < bytes.length && cut < 12; cut++) {
        const end = cut === 11 ? bytes.length : at + (cuts[cut % cuts.length] ?? 1);
        socket.write(bytes.subarray(at, end));
        at = end;
        await new Promise(setImmediate);
      }
      socket.end();
    });
    let isReset = false;
    socket.on('error', () => {
      isReset = true;
    });
    socket
      .on('data', (chunk) => void came.push(chunk))
      .on('close', () => resolve(isReset ? 'reset' : Buffer.concat(came)));
  });

const until = async (isDone: () => boolean): Promise<void> => {
  const endMs = performance.now() + 5_000;
  while (!isDone() && performance.now() < endMs) await new Promise(setImmediate);
};

property(
  'connections: what is no question comes out of the relay byte by byte, and none stays',
  several(sent),
  async (all) => {
    const came = await Promise.all(all.map(exchange));
    const forwarded = all
      .map(({ text }, index) => ({ bytes: Buffer.from(text, 'latin1'), back: came[index] }))
      .filter(({ bytes }) => !isQuestion(bytes));
    for (const { bytes, back } of forwarded) assert.deepEqual(back, bytes);
    await until(() => relay.connections() === 0 && open === 0);
    assert.deepEqual([relay.connections(), open], [0, 0]);
    return accepted(forwarded.length);
  },
  { ...options, accepts: 0.27 },
);

const [plainAnswer, , , , , chunkedAnswer = '', , infoAnswer = ''] = seeds.httpAnswers;
const soundAnswers = [plainAnswer, chunkedAnswer, infoAnswer];
const answers = mutatedText(...seeds.httpAnswers);
const address = () => ({ scheme: 'http', host: '127.0.0.1', port: peer.port }) as const;
const limits = { connectTimeoutMs: 500, stallTimeoutMs: 500 };

property(
  'connections: answers to a probe of a public end',
  answers,
  async (text) => {
    peer.answerWith(text);
    assert.equal(typeof (await probePublicEnd(address(), 's', { signal, timeoutMs: 500 })), 'string');
  },
  { weight: 60 },
);

property(
  'connections: answers to a dial',
  answers,
  async (text) => {
    peer.answerWith(text);
    return (await dialHttp(address(), 500, '/info')).outcome === 'answered' ? undefined : refused;
  },
  { weight: 60, accepts: 0.1, good: soundAnswers },
);

property(
  'connections: answers of any HTTP server',
  answers,
  async (text) => {
    peer.answerWith(text);
    await readBytes(await httpRequest(`http://127.0.0.1:${peer.port}/`, { signal, ...limits }), signal, 10_000);
  },
  { weight: 60, accepts: 0.1, good: soundAnswers },
);

const frame = mutatedText('\u0000\u0050\u0000', '\u0001\u0050\u0000no', '\u0000data', '\u00ff\u0001', '\u00ff', '');
let frames: readonly Buffer[] = [];
let sockets: WebSocketServer;
beforeAll(async () => {
  sockets = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(sockets, 'listening');
  sockets.on('connection', (socket) => {
    for (const one of frames) socket.send(one, { binary: one.length % 5 !== 0 });
    socket.close();
  });
});
afterAll(() => void sockets.close());

property(
  'connections: frames of a port-forward',
  several(frame),
  async (texts) => {
    frames = texts.map((text) => Buffer.from(text, 'latin1'));
    const { port } = sockets.address() as AddressInfo;
    const kubeconfig = JSON.stringify({
      ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'c' },
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
      clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${port}` } }],
      users: [{ name: 'u', user: {} }],
    });
    const stream = await portForwarder(kubeconfig)({ namespace: 'n', pod: 'p', port: 80 });
    stream.on('error', () => undefined).resume();
    if (!stream.destroyed) await once(stream, 'close').catch(() => undefined);
  },
  options,
);
