/** The master's port: its REST calls, and what is handed to the proxy. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Pool } from 'pg';
import { messageOf } from '../../../../../src/lib/errors.ts';
import { findByToken, type User } from '../database/users.ts';
import type { Log } from '../log.ts';
import { type Asked, Refusal, type Reply, type Route, readBody } from './reply.ts';

export type Serving = {
  readonly db: Pool;
  readonly log: Log;
  readonly routes: readonly Route[];
};

const nobody: User = { id: 0, username: '', admin: false, active: false, modifiedAt: new Date(0) };

const cookieOf = ({ headers }: IncomingMessage): string =>
  /(?:^|;\s*)auth=([^;]+)/.exec(headers.cookie ?? '')?.[1] ?? '';
const bearerOf = ({ headers }: IncomingMessage): string => /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? '';

/** Of a task, which comes with the allocation's session. */
const allocationTokenOf = ({ headers }: IncomingMessage): string =>
  /^Bearer (.+)$/.exec(String(headers['grpc-metadata-x-allocation-token'] ?? ''))?.[1] ?? '';

/** The token of a request: its header, or the cookie that a browser has from the login. */
export const tokenOf = (message: IncomingMessage): string =>
  bearerOf(message) || allocationTokenOf(message) || decodeURIComponent(cookieOf(message));

const unauthorized: Reply = { status: 401, body: { message: 'Unauthorized' } };

const answer = async ({ db, routes }: Serving, message: IncomingMessage, response: ServerResponse): Promise<Reply> => {
  const { pathname, searchParams } = new URL(message.url ?? '/', 'http://master');
  const route = routes.find(({ method, pattern }) => method === message.method && pattern.test(pathname));
  const token = tokenOf(message);
  const user = token ? await findByToken(db, token) : undefined;
  if (!route) {
    if (!user) return unauthorized;
    return { status: 404, body: { message: `api not found: ${message.method} ${pathname}` } };
  }
  if (!route.isOpen && !user) return unauthorized;
  const path = (route.pattern.exec(pathname) ?? []).slice(1).map((part) => decodeURIComponent(part ?? ''));
  const asked: Asked = {
    ...{ message, path, query: searchParams, body: () => readBody(message), token, user: user ?? nobody },
  };
  return route.handle(asked, response);
};

/** Answers requests. A bug is 500 with its text, and in the log. */
export const makeListener =
  (serving: Serving): RequestListener =>
  (message, response) => {
    answer(serving, message, response)
      .catch((error: unknown): Reply => {
        if (error instanceof Refusal) return error.reply;
        serving.log.error(`${message.method} ${message.url}: ${messageOf(error)}`);
        return new Refusal('internal', messageOf(error)).reply;
      })
      .then((reply) => {
        if (reply === 'answered' || response.headersSent) return;
        const text = JSON.stringify(reply.body);
        response.writeHead(reply.status, { 'content-type': 'application/json; charset=UTF-8' }).end(text);
      });
  };
