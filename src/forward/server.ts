import { createServer, type Socket } from 'node:net';
import { nextDelayMs } from '../lib/backoff.ts';
import { hasCode } from '../lib/errors.ts';
import type { ListenerStatus } from '../model/tunnel-status.ts';
import { type Dial, forwardConnection } from './connection.ts';

export type Forward = {
  /** From now on connections go to a listener of this name; undefined: they are reset, open ones stay until they end. */
  readonly serve: (name: string | undefined) => void;
  /** Undefined while it has no listener. */
  readonly status: () => ListenerStatus | undefined;
  readonly connections: () => number;
  /** Resolves after the first attempt to listen: `true`, or why not. */
  readonly bound: Promise<Error | true>;
  /** Listens no more, and resets the open connections. */
  readonly destroy: () => void;
};

export type ForwardInput = {
  readonly port: number;
  readonly address: string;
  readonly dial: Dial;
  readonly onChange: () => void;
  /** Before a port that is taken is tried again; doubles each time. */
  readonly firstPauseMs: number;
};

const longestPauseMs = 10_000;

/** Why a port cannot be listened on, and what to do. */
export const explainListen = (error: Error, address: string, port: number): string => {
  if (hasCode(error, 'EADDRINUSE'))
    return `port ${port} of ${address} is used by another program: stop it (ss -ltnp 'sport = :${port}' shows it), or move gateway.portRange`;
  if (hasCode(error, 'EADDRNOTAVAIL'))
    return `${address} is no address of this host: set gateway.forwardAddress to one that is, such as 127.0.0.1`;
  return `port ${port} of ${address} cannot be listened on: ${error.message}`;
};

/**
 * Holds a port, so that no other user of this machine can; retries with back-off while it is taken. Forwards each
 * connection on its own while a listener is there, and resets it otherwise. Tested in test/forward/forward.test.ts.
 */
export const openForward = ({ port, address, dial, onChange, firstPauseMs }: ForwardInput): Forward => {
  const sockets = new Set<Socket>();
  const { promise: bound, resolve: tried } = Promise.withResolvers<Error | true>();
  let name: string | undefined;
  let [state, detail, trouble]: [ListenerStatus['state'], string?, string?] = ['starting'];
  let isClosed = false;
  let retry: NodeJS.Timeout | undefined;
  let pauseMs: number | undefined;
  const accept = async (socket: Socket): Promise<void> => {
    if (name === undefined) return void socket.resetAndDestroy();
    sockets.add(socket);
    onChange();
    trouble = (await forwardConnection(socket, dial)) ?? trouble;
    sockets.delete(socket);
    onChange();
  };
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => void accept(socket));
  const listen = () => server.listen(port, address);
  const enter = (next: ListenerStatus['state'], why?: string) => {
    [state, detail] = [next, why];
    onChange();
  };
  server.on('listening', () => {
    tried(true);
    if (isClosed) server.close();
    else enter('up');
  });
  server.on('error', (error) => {
    tried(error);
    trouble = error.message;
    if (server.listening || isClosed) return; // one connection could not be accepted: too many open files
    enter('backoff', explainListen(error, address, port));
    pauseMs = nextDelayMs({ firstMs: firstPauseMs, longestMs: longestPauseMs }, pauseMs);
    retry = setTimeout(listen, pauseMs);
  });
  listen();
  return {
    serve: (next) => {
      if (next !== name) trouble = undefined;
      name = next;
    },
    status: () => {
      if (name === undefined) return undefined;
      const why = { ...(detail && { detail }), ...(trouble && { trouble }) };
      return { name, port, state, connections: sockets.size, ...why };
    },
    connections: () => sockets.size,
    bound,
    destroy: () => {
      isClosed = true;
      clearTimeout(retry);
      server.close();
      for (const socket of sockets) socket.resetAndDestroy();
    },
  };
};
