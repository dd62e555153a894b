import { createServer } from 'node:net';
import { askPod, neverConnected, outcomeOf, parseDialAnswer } from '../probe/reverse.ts';
import { podPorts } from '../sample-task/task.ts';
import type { ClosedCheck, ClosedContext, ClosedOutcome } from './closed.ts';

/** A server on a free port of this host for the time of the attempt; counts the connections that arrive. */
const listenOn = async (host: string) => {
  let arrived = 0;
  const server = createServer((socket) => {
    arrived += 1;
    socket.on('error', () => undefined).end('HTTP/1.0 200 OK\r\n\r\nreached');
  });
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject);
    server.listen({ host, port: 0 }, resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error(`no port on ${host}`);
  return { port: address.port, arrived: () => arrived, close: () => server.close() };
};

export const judge = (text: string, arrived: number): ClosedOutcome => {
  const finding = {
    cause: 'pods reach ports of this host besides the master',
    hint: 'the rules of the node are gone or were changed: take the instance down and up again',
  };
  if (arrived > 0) return { outcome: 'open', evidence: 'the connection arrived', finding };
  const { error } = parseDialAnswer(text);
  const outcome = error === undefined ? undefined : outcomeOf(error);
  if (outcome === undefined || !neverConnected.includes(outcome)) {
    return { outcome: 'untried', because: `the pod answered ${(error ?? text).slice(0, 120)}` };
  }
  return { outcome: 'closed', evidence: `a server listened there, and saw nothing; the pod: ${outcome}` };
};

const attempt = async (hostAddress: string, { kube, task, podName, gateway }: ClosedContext) => {
  const [{ podPort }] = podPorts;
  const [{ listenerPort } = { listenerPort: 0 }] = task.exposures;
  const through = { host: gateway.address, port: listenerPort };
  const ask = askPod(kube, { namespace: task.namespace, name: podName, port: podPort }, through);
  const server = await listenOn(hostAddress);
  try {
    const query = { host: hostAddress, port: String(server.port), protocol: 'http', tries: '1', request: 'hostname' };
    const startMs = performance.now();
    const outcome = judge(await ask('/dial', query), server.arrived());
    const latencyMs = Math.round((performance.now() - startMs) * 10) / 10;
    return outcome.outcome === 'closed' ? { ...outcome, latencyMs } : outcome;
  } finally {
    server.close();
  }
};

/** A pod does not reach a port of this host other than the master's: one that is opened for the attempt. */
export const hostPortCheck = (hostAddress: string): ClosedCheck => ({
  from: 'pod',
  to: `other ports of this host, ${hostAddress}`,
  attempt: (context) => attempt(hostAddress, context),
});
