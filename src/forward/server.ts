import { createServer, type Socket } from 'node:net';
import { nextDelayMs } from '../lib/backoff.ts';
import { hasCode } from '../lib/errors.ts';
import type { ListenerStatus } from '../model/tunnel-status.ts';
import { type Dial, forwardConnection } from './connection.ts';
import type { WantedListener } from './plan.ts';

export type Forward = {
  readonly status: () => ListenerStatus;
  /** Accepts no more connections; open ones stay until they end. */
  readonly close: () => void;
  /** Resets the open connections, too. */
  readonly destroy: () => void;
};

export type ForwardInput = {
  readonly listener: WantedListener;
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
 * Listens on a listener's port and forwards each connection on its own; retries with back-off while the port is taken.
 * Tested in test/forward/forward.test.ts.
 */
export const openForward = ({ listener, address, dial, onChange, firstPauseMs }: ForwardInput): Forward => {
  const sockets = new Set<Socket>();
  let [state, detail, trouble]: [ListenerStatus['state'], string?, string?] = ['starting'];
  let isClosed = false;
  let retry: NodeJS.Timeout | undefined;
  let pauseMs: number | undefined;
  const serve = async (socket: Socket): Promise<void> => {
    sockets.add(socket);
    onChange();
    trouble = (await forwardConnection(socket, dial)) ?? trouble;
    sockets.delete(socket);
    onChange();
  };
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => void serve(socket));
  const listen = () => server.listen(listener.port, address);
  const enter = (next: ListenerStatus['state'], why?: string) => {
    [state, detail] = [next, why];
    onChange();
  };
  server.on('listening', () => (isClosed ? server.close() : enter('up')));
  server.on('error', (error) => {
    trouble = error.message;
    if (server.listening || isClosed) return; // one connection could not be accepted: too many open files
    enter('backoff', explainListen(error, address, listener.port));
    pauseMs = nextDelayMs({ firstMs: firstPauseMs, longestMs: longestPauseMs }, pauseMs);
    retry = setTimeout(listen, pauseMs);
  });
  listen();
  const close = (): void => {
    isClosed = true;
    clearTimeout(retry);
    server.close();
  };
  return {
    status: () => {
      const why = { ...(detail && { detail }), ...(trouble && { trouble }) };
      return { ...listener, state, connections: sockets.size, ...why };
    },
    close,
    destroy: () => {
      close();
      for (const socket of sockets) socket.resetAndDestroy();
    },
  };
};
