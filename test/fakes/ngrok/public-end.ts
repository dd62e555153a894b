import { appendFileSync, readFileSync } from 'node:fs';
import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { log } from './log.ts';
import { misbehaviours } from './misbehaviours.ts';
import { answerPage, isWarned } from './pages.ts';
import type { Invocation } from './settings.ts';

const fixture = (name: string): string => readFileSync(join(import.meta.dirname, '..', '..', 'fixtures', name), 'utf8');

const count = (what: string): void => {
  if (misbehaviours.requests) appendFileSync(misbehaviours.requests, `${what}\n`);
};

const sayRefused = (localPort: number) => (error: Error) => {
  const err = `dial tcp 127.0.0.1:${localPort}: ${error.message}`;
  log('warn', 'failed to open private leg', {
    obj: 'join',
    id: 'f4f758396ce7',
    privaddr: `127.0.0.1:${localPort}`,
    err,
  });
};

const passOn = (localPort: number, { method, url, headers, socket }: IncomingMessage) => {
  const forwarded = {
    'x-forwarded-for': socket.remoteAddress,
    'x-forwarded-host': headers.host,
    'x-forwarded-proto': 'https',
  };
  const to = { host: '127.0.0.1', port: localPort, method, path: url };
  return request({ ...to, headers: { ...headers, ...forwarded } });
};

/** An endpoint of https: ngrok ends TLS, and speaks HTTP with the local port. */
const openHttp = ({ localPort }: Invocation, isOnline: () => boolean): Server => {
  const answer = (message: IncomingMessage, response: ServerResponse): void => {
    count(`${message.method} ${message.url}`);
    const page = misbehaviours.page || (!isOnline() && 3200) || (isWarned(message) && 6024);
    if (page) {
      answerPage(page, response);
      return;
    }
    const sent = passOn(localPort, message);
    sent.on('response', (back) => {
      response.writeHead(back.statusCode ?? 502, back.headers);
      back.pipe(response);
    });
    sent.on('error', (error) => {
      sayRefused(localPort)(error);
      if (response.headersSent) response.destroy();
      else answerPage(8012, response);
    });
    message.pipe(sent);
  };
  const upgrade = (message: IncomingMessage, client: Socket): void => {
    count(`UPGRADE ${message.url}`);
    const sent = passOn(localPort, message).end();
    sent.on('error', () => client.destroy());
    sent.on('upgrade', (back, upstream) => {
      const head = back.rawHeaders.flatMap((name, at) => (at % 2 ? [] : [`${name}: ${back.rawHeaders[at + 1]}`]));
      client.write(`HTTP/1.1 101 Switching Protocols\r\n${head.join('\r\n')}\r\n\r\n`);
      upstream.on('error', () => client.destroy());
      client.on('error', () => upstream.destroy());
      client.pipe(upstream).pipe(client);
    });
  };
  const tls = { cert: fixture('localhost-cert.pem'), key: fixture('localhost-key.pem') };
  return createHttpsServer(tls, answer).on('upgrade', upgrade);
};

/** A TCP address: its bytes as they are. */
const openTcp = ({ localPort }: Invocation, isOnline: () => boolean): Server =>
  createServer((client) => {
    count('TCP');
    if (!isOnline()) return void client.destroy();
    const upstream = connect(localPort, '127.0.0.1');
    upstream.on('error', (error) => {
      sayRefused(localPort)(error);
      client.destroy();
    });
    client.on('error', () => upstream.destroy());
    client.pipe(upstream).pipe(client);
  });

/** The public end, on a port of this machine; resolves with its port. */
export const openPublicEnd = (invocation: Invocation, port: number, isOnline: () => boolean): Promise<number> => {
  const server = (invocation.protocol === 'tcp' ? openTcp : openHttp)(invocation, isOnline);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
};
