import { readFileSync } from 'node:fs';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

const fixture = (name: string) => readFileSync(join(import.meta.dirname, '../fixtures', name), 'utf8');

/** The authority to trust; for tests only, as its key lies in the repository. */
export const ca = fixture('localhost-cert.pem');

export const serverKey = fixture('localhost-key.pem');

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** An HTTPS server on this machine that knows only these paths, and keeps every request. Ends with the test. */
export const startServer = async (
  routes: Readonly<Record<string, Handler | string | Buffer>>,
  options: ServerOptions = {},
) => {
  const requests: string[] = [];
  const listener: RequestListener = (request, response) => {
    const path = new URL(request.url ?? '', 'https://localhost').pathname;
    requests.push([request.method, path, request.headers.range].filter(Boolean).join(' '));
    const route = routes[path];
    if (route === undefined) response.writeHead(404).end();
    else if (typeof route === 'function') route(request, response);
    else response.writeHead(200, { 'content-length': Buffer.byteLength(route) }).end(route);
  };
  const server = createServer({ key: serverKey, cert: ca, rejectUnauthorized: false, ...options }, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { host: `localhost:${port}`, url: `https://localhost:${port}`, requests };
};

/** Honours `Range`, as release hosts do. */
export const ranged =
  (body: Buffer): Handler =>
  (request, response) => {
    const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (start >= body.length) response.writeHead(416, { 'content-range': `bytes */${body.length}` }).end();
    else if (start === 0) response.writeHead(200, { 'content-length': body.length }).end(body);
    else {
      const headers = {
        'content-length': body.length - start,
        'content-range': `bytes ${start}-${body.length - 1}/${body.length}`,
      };
      response.writeHead(206, headers).end(body.subarray(start));
    }
  };

/** Promises the whole body, and ends the connection after `bytes`. */
export const truncated =
  (body: Buffer, bytes: number): Handler =>
  (_, response) => {
    response.writeHead(200, { 'content-length': body.length });
    response.write(body.subarray(0, bytes), () => setTimeout(() => response.destroy(), 50));
  };

/** Promises the whole body, and goes silent after `bytes`. */
export const stalled =
  (body: Buffer, bytes: number): Handler =>
  (_, response) => {
    response.writeHead(200, { 'content-length': body.length });
    response.write(body.subarray(0, bytes));
  };

/** Each request gets the next handler; the last one stays. */
export const inTurn = (...handlers: readonly Handler[]): Handler => {
  let next = 0;
  return (request, response) => {
    handlers[Math.min(next, handlers.length - 1)]?.(request, response);
    next += 1;
  };
};
