import { Duplex } from 'node:stream';
import { type ClientOptions, type RawData, WebSocket } from 'ws';
import { UserError } from '../errors.ts';
import { openConnection } from '../http/proxied.ts';
import { type OpenedKubeconfig, type OpenOptions, openKubeconfig } from './kubeconfig/open.ts';

export type PodPort = { readonly namespace: string; readonly pod: string; readonly port: number };

/**
 * Opens one connection to a port of a pod. Its end is the pod's end; an error means that bytes may be missing.
 * Throws a UserError `cluster.port-forward` when the API server refuses or does not answer.
 */
export type PortForwarder = (to: PodPort) => Promise<Duplex>;

const normalClosure = 1000;
const dataChannel = 0;
const errorChannel = 1;
const portBytes = 2;
/** The kubelet sends at most some 32 kB in a frame. */
const longestFrame = 2 ** 22;
const longestRefusal = 1_000;

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

/**
 * The connection as a duplex stream with backpressure in both directions. Not PortForward of @kubernetes/client-node 2.0.1: it writes
 * and sends however full the other side is (portforward.js `output.write`, web-socket-handler.js `stdin.on('data')`), hides
 * how a connection ended, closes it when the input ends, losing what the pod still sends, and throws out of a callback for
 * an empty frame; a frame that begins with 255 makes it close stdout of this process.
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
  // it may fail before anybody can listen, while it is opened
  stream.on('error', () => undefined);
  const closeOnceSent = (): void => {
    // who reads slowly has held the pod back: it may have more
    if (stream.readableLength > 0) return void lingering?.refresh();
    isClosing = socket?.bufferedAmount === 0; // 30 s after a close `ws` drops all that a slow pod has not received
    if (isClosing) socket?.close();
    else lingering?.refresh();
  };
  const end = (code: number): void => {
    if (refusal === '' && code === normalClosure && !isClosing) return void stream.push(null);
    // what the pod would still have sent is lost, so this is no end of it
    const why = isClosing ? 'the pod was silent after the end of the local side, which cannot be passed on to it' : '';
    stream.destroy(new Error(refusal || why || `the connection to the API server was closed (${code})`));
  };
  const takeData = (bytes: Buffer): void => {
    lingering?.refresh();
    if (bytes.length > 0 && !stream.push(bytes)) socket?.pause();
  };
  const takeError = (bytes: Buffer): void => {
    refusal = (refusal + bytes.toString()).slice(0, longestRefusal);
  };
  return {
    stream,
    begin: (opened: WebSocket): void => {
      socket = opened;
      pinging = setInterval(() => opened.readyState === WebSocket.OPEN && opened.ping(), pingMs);
      opened.on('message', readFrames({ takeData, takeError })).on('close', end);
    },
  };
};

type Takers = Readonly<Record<'takeData' | 'takeError', (bytes: Buffer) => void>>;

/** Reads frames: a channel, then data; the first two bytes of each channel are the port's number. */
const readFrames = ({ takeData, takeError }: Takers): ((message: RawData, isBinary: boolean) => void) => {
  const seen = new Set<number>();
  return (message, isBinary) => {
    const frame = isBinary && Buffer.isBuffer(message) ? message : Buffer.alloc(0);
    const [channel] = frame;
    if (channel !== dataChannel && channel !== errorChannel) return;
    const start = seen.has(channel) ? 1 : 1 + portBytes;
    seen.add(channel);
    if (channel === dataChannel) takeData(frame.subarray(start));
    else takeError(frame.subarray(start));
  };
};

/** Versions of the protocol, in the order in which they are wanted. */
const protocols = ['v4.channel.k8s.io', 'v3.channel.k8s.io', 'v2.channel.k8s.io', 'channel.k8s.io'];

/**
 * Opens the WebSocket of a port. Masks protect proxies that misread plain HTTP; zeros cost nothing, random ones cost two more
 * passes over every byte.
 */
const openSocket = async (
  { credentials, way, urlOf }: OpenedKubeconfig,
  { namespace, pod, port }: PodPort,
): Promise<WebSocket> => {
  const headers = await credentials.headers();
  const connection = await openConnection(way);
  const options: ClientOptions = { headers, createConnection: () => connection };
  const generateMask = (mask: Buffer) => mask.fill(0);
  const limits = { handshakeTimeout: handshakeTimeoutMs, perMessageDeflate: false, maxPayload: longestFrame };
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}/portforward?ports=${port}`;
  return new WebSocket(urlOf(path).replace(/^http/, 'ws'), protocols, { ...options, ...limits, generateMask });
};

/** Hands each frame over from the first one on, which may come with the answer to the handshake. */
const untilOpen = (socket: WebSocket): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.once('open', resolve).on('error', reject);
  });

const reasonOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error);

/** Of `ws`, which has no other word for it. */
const isUnauthorized = (error: unknown): boolean => reasonOf(error) === 'Unexpected server response: 401';

const openStream = async (opened: OpenedKubeconfig, to: PodPort): Promise<Duplex> => {
  const { stream, begin } = makeStream();
  try {
    const socket = await openSocket(opened, to);
    begin(socket);
    await untilOpen(socket);
    return stream;
  } catch (error) {
    stream.destroy();
    throw error;
  }
};

/** With other credentials, if the API server refuses these and there are others. */
const authorized = async (opened: OpenedKubeconfig, to: PodPort): Promise<Duplex> => {
  try {
    return await openStream(opened, to);
  } catch (error) {
    if (!isUnauthorized(error) || !opened.renew()) throw error;
    return openStream(opened, to);
  }
};

/** Port-forwards of the cluster that `kubeContext` (default: the current context) of a kubeconfig names. */
export const portForwarder = (kubeconfig: string, kubeContext?: string, options?: OpenOptions): PortForwarder => {
  const opened = openKubeconfig(kubeconfig, kubeContext, options);
  return async (to) => {
    try {
      return await authorized(opened, to);
    } catch (error) {
      throw new UserError(`no port-forward to port ${to.port} of pod ${to.namespace}/${to.pod}: ${reasonOf(error)}`, {
        id: 'cluster.port-forward',
        hint: 'does the cluster run? see: taskgate status',
        cause: error,
      });
    }
  };
};
