/**
 * `/proxy/<service>/...` (docs/determined.md, The proxy): the path is not stripped, the caller's token goes on to the task, TCP ports are
 * binary WebSocket frames.
 */
import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import { request as requestTls } from 'node:https';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import type { Pool } from 'pg';
import { type WebSocket, WebSocketServer } from 'ws';
import { findByToken, taskOfToken } from '../database/users.ts';
import type { Service, Services } from '../tasks/services.ts';
import { tokenOf } from './serve.ts';

export type Proxying = { readonly db: Pool; readonly services: Services; readonly scheme: 'http' | 'https' };

const urlOf = (message: IncomingMessage): URL => new URL(message.url ?? '/', 'http://master');
/** The service that a path names, or undefined where it is none of the proxy's. */
const serviceIn = (message: IncomingMessage): string | undefined => {
  const [, found] = /^\/proxy\/([^/]+)/.exec(urlOf(message).pathname) ?? [];
  return found === undefined ? undefined : decodeURIComponent(found);
};

type Verdict =
  | { readonly service: Service; readonly cookie?: string }
  | { readonly status: number; readonly body?: unknown; readonly location?: string };

/** A session of the task itself, by which a notebook is opened from its link. */
const isOwnToken = async (db: Pool, message: IncomingMessage, { taskId }: Service): Promise<string | undefined> => {
  const token = urlOf(message).searchParams.get('token');
  return token && (await taskOfToken(db, token)) === taskId ? token : undefined;
};

const judge = async ({ db, services }: Proxying, message: IncomingMessage, id: string): Promise<Verdict> => {
  const service = services.get(id);
  if (service?.isUnauthenticated) return { service };
  const own = service && (await isOwnToken(db, message, service));
  if (service && own) return { service, cookie: `auth=${own}; Path=/proxy/${service.taskId}/; HttpOnly` };
  const token = tokenOf(message);
  if (!token) return { status: 401, body: { message: 'Unauthorized' } };
  if (!(await findByToken(db, token))) {
    if (!/^v2\.public\./.test(token)) return { status: 401, body: { message: 'Unauthorized' } };
    return { status: 303, location: `/det/login?redirect=${encodeURIComponent(urlOf(message).pathname)}` };
  }
  return service ? { service } : { status: 404, body: { message: `service not found: ${id}` } };
};

const forwardedHeaders = ({ socket, headers }: IncomingMessage, scheme: string) => {
  const from = socket.remoteAddress ?? '';
  const before = headers['x-forwarded-for'];
  return {
    ...headers,
    'x-forwarded-for': before ? `${before}, ${from}` : from,
    'x-forwarded-proto': headers['x-forwarded-proto'] ?? scheme,
    'x-real-ip': headers['x-real-ip'] ?? from,
  };
};

const passOn = (message: IncomingMessage, response: ServerResponse, service: Service, scheme: string): void => {
  const { host, port } = service;
  const ask = service.scheme === 'https' ? requestTls : request;
  const { method = 'GET', url: path = '/' } = message;
  const headers = forwardedHeaders(message, scheme);
  const sent = ask({ host, port, method, path, headers, rejectUnauthorized: false, agent: false }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, { ...answer.headers, ...cookieOf(response) });
    answer.pipe(response);
  });
  sent.on('error', () => (response.headersSent ? response.destroy() : response.writeHead(502).end()));
  response.on('close', () => sent.destroy());
  message.pipe(sent);
};

const cookieOf = (response: ServerResponse) => {
  const cookie = response.getHeader('set-cookie');
  return cookie === undefined ? {} : { 'set-cookie': cookie as string };
};

/** Answers a request for a service; false for any other path. */
export const proxyRequest = (proxying: Proxying, message: IncomingMessage, response: ServerResponse): boolean => {
  const id = serviceIn(message);
  if (id === undefined) return false;
  judge(proxying, message, id)
    .then((verdict) => {
      if ('service' in verdict) {
        if (verdict.cookie) response.setHeader('set-cookie', verdict.cookie);
        passOn(message, response, verdict.service, proxying.scheme);
        return;
      }
      const { status, body, location } = verdict;
      response.writeHead(status, { 'content-type': 'application/json', ...(location && { location }) });
      response.end(body === undefined ? undefined : JSON.stringify(body));
    })
    .catch(() => response.destroy());
  return true;
};

/** Frames to a TCP connection and back. */
const joinFrames = (socket: WebSocket, { host, port }: Service): void => {
  const tcp = connect({ host, port });
  socket.on('message', (data: Buffer) => tcp.write(data));
  tcp.on('data', (data) => socket.send(data, { binary: true }));
  socket.on('close', () => tcp.destroy());
  socket.on('error', () => tcp.destroy());
  tcp.on('close', () => socket.close());
  tcp.on('error', () => socket.close(1011));
};

/** The request as it came, on a connection of its own, and then bytes both ways. */
const joinBytes = (message: IncomingMessage, client: Duplex, head: Buffer, service: Service, scheme: string): void => {
  const { host, port } = service;
  const task: Socket =
    service.scheme === 'https' ? connectTls({ host, port, rejectUnauthorized: false }) : connect({ host, port });
  const lines = Object.entries(forwardedHeaders(message, scheme)).flatMap(([name, value]) =>
    [value].flat().map((one) => `${name}: ${one}`),
  );
  task.write(`${message.method} ${message.url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
  task.write(head);
  task.pipe(client);
  client.pipe(task);
  for (const [one, other] of [
    [task, client],
    [client, task],
  ] as const) {
    one.on('error', () => other.destroy());
    one.on('close', () => other.destroy());
  }
};

/** Takes WebSockets of services. */
export const proxyUpgrade = (proxying: Proxying) => {
  const sockets = new WebSocketServer({ noServer: true });
  return (message: IncomingMessage, client: Duplex, head: Buffer): void => {
    const id = serviceIn(message);
    const refuse = (status: number) => client.end(`HTTP/1.1 ${status} Refused\r\ncontent-length: 0\r\n\r\n`);
    if (id === undefined) return void refuse(404);
    judge(proxying, message, id)
      .then((verdict) => {
        if (!('service' in verdict)) return refuse(verdict.status);
        const { service } = verdict;
        if (service.scheme !== 'tcp') return joinBytes(message, client, head, service, proxying.scheme);
        return sockets.handleUpgrade(message, client, head, (socket) => joinFrames(socket, service));
      })
      .catch(() => client.destroy());
  };
};
