import { Duplex, Readable, Writable } from 'node:stream';
import { type KubeConfig, PortForward } from '@kubernetes/client-node';
import { WebSocket } from 'ws';
import { UserError } from '../errors.ts';
import { openKubeconfig } from './kubeconfig/open.ts';

export type PodPort = { readonly namespace: string; readonly pod: string; readonly port: number };

/**
 * Opens one connection to a port of a pod. Its end is the pod's end; an error means that bytes may be missing.
 * Throws a UserError `cluster.port-forward` when the API server refuses or does not answer.
 */
export type PortForwarder = (to: PodPort) => Promise<Duplex>;

const normalClosure = 1000;
const dataChannel = 0;

/** Limit of unsent bytes in the socket: enough to keep it busy, little compared with the kernel's buffers. */
const mostBufferedBytes = 2 ** 18;
const handshakeTimeoutMs = 10_000;
/** Load balancers in front of an API server drop idle connections, some after a minute. */
const pingMs = 30_000;
/** How long the pod may be silent after the local side has ended, before its side is ended, too. */
const lingerMs = 10_000;

const frameOf = (chunk: Buffer): Buffer => {
  const frame = Buffer.allocUnsafe(chunk.length + 1);
  frame[0] = dataChannel;
  chunk.copy(frame, 1);
  return frame;
};

/** A sink for the package's output, which it writes without waiting. */
const takeEach = (take: (bytes: Buffer) => void): Writable =>
  new Writable({
    write: (bytes: Buffer, _, done) => {
      take(bytes);
      done();
    },
  });

/**
 * The connection as a duplex stream with backpressure in both directions. PortForward of client-node 2.0.1 has none: it
 * writes and sends however full the other side is (portforward.js `output.write`, web-socket-handler.js
 * `stdin.on('data')`), hides how a connection ended, and closes it when the input ends, losing what the pod still sends.
 * So it only opens the connection and parses the frames; its input stays empty.
 *
 * The protocol has no half-close, and containerd closes the second direction one second after the first. So the end of
 * the local side is sent only after the pod has been silent for a while.
 */
const makeStream = () => {
  let socket: WebSocket | undefined;
  let refusal = '';
  let isClosing = false;
  let lingering: NodeJS.Timeout | undefined;
  let pinging: NodeJS.Timeout | undefined;
  const stream = new Duplex({
    read: () => socket?.resume(),
    write: (chunk: Buffer, _, done) => {
      // data sent to a pod that has ended is lost, as in TCP; what it sent before must still be read
      if (socket?.readyState !== WebSocket.OPEN) return done();
      const isFull = socket.bufferedAmount > mostBufferedBytes;
      socket.send(frameOf(chunk), () => isFull && done());
      if (!isFull) done();
    },
    final: (done) => {
      lingering = setTimeout(closeOnceSent, lingerMs);
      done();
    },
    destroy: (error, done) => {
      clearTimeout(lingering);
      clearInterval(pinging);
      socket?.terminate();
      done(error);
    },
  });
  const closeOnceSent = (): void => {
    isClosing = socket?.bufferedAmount === 0; // 30 s after a close `ws` drops all that a slow pod has not received
    if (isClosing) socket?.close();
    else lingering?.refresh();
  };
  const end = (code: number): void => {
    if (refusal === '' && (code === normalClosure || isClosing)) stream.push(null);
    else stream.destroy(new Error(refusal || `the connection to the API server was closed (${code})`));
  };
  return {
    stream,
    output: takeEach((bytes) => {
      lingering?.refresh();
      if (bytes.length > 0 && !stream.push(bytes)) socket?.pause();
    }),
    errors: takeEach((bytes) => {
      refusal += bytes;
    }),
    begin: (opened: WebSocket): Duplex => {
      socket = opened;
      pinging = setInterval(() => opened.readyState === WebSocket.OPEN && opened.ping(), pingMs);
      opened.on('close', end);
      return stream;
    },
  };
};

/**
 * PortForward has no such settings, but passes these options on to `ws`. Masks protect proxies that misread plain HTTP;
 * zeros cost nothing, random ones cost two more passes over every byte.
 */
const tuneSockets = (config: KubeConfig): void => {
  const apply = config.applyToHTTPSOptions.bind(config);
  const generateMask = (mask: Buffer) => mask.fill(0);
  config.applyToHTTPSOptions = async (options) => {
    await apply(options);
    Object.assign(options, { handshakeTimeout: handshakeTimeoutMs, perMessageDeflate: false, generateMask });
  };
};

const reasonOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error);

/** Port-forwards of the cluster that `kubeContext` (default: the current context) of a kubeconfig names. */
export const portForwarder = (kubeconfig: string, kubeContext?: string): PortForwarder => {
  const { config } = openKubeconfig(kubeconfig, kubeContext);
  tuneSockets(config);
  const portForward = new PortForward(config);
  return async ({ namespace, pod, port }) => {
    const { stream, output, errors, begin } = makeStream();
    try {
      const silence = new Readable({ read: () => undefined });
      return begin((await portForward.portForward(namespace, pod, [port], output, errors, silence)) as WebSocket);
    } catch (error) {
      stream.destroy();
      throw new UserError(`no port-forward to port ${port} of pod ${namespace}/${pod}: ${reasonOf(error)}`, {
        id: 'cluster.port-forward',
        hint: 'does the cluster run? see: taskgate status',
        cause: error,
      });
    }
  };
};
