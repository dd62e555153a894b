// Tested in test/lib/kube/http.test.ts
import type { Dispatcher } from 'undici';
import { loadUndici } from './dispatcher.ts';
import { openConnection, type Way } from './proxied.ts';

/** Load balancers drop idle connections after a minute, some earlier. */
const keepMs = 20_000;

export type PoolRequest = {
  readonly path: string;
  readonly method: Dispatcher.HttpMethod;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
};

/** Sends requests on connections that are kept for the next ones; an idle connection keeps no process running. */
export type Pool = { readonly request: (request: PoolRequest) => Promise<Dispatcher.ResponseData> };

/** Connections to one server. Nothing is opened yet; redirects are not followed, and answers are not decompressed. */
export const openPool = (origin: string, way: Way): Pool => {
  const opening = loadUndici().then(
    ({ Agent }) =>
      new Agent({
        connect: (_, done) => {
          openConnection(way).then(
            (socket) => done(null, socket),
            (error) => done(error, null),
          );
        },
        keepAliveTimeout: keepMs,
        // a watch is silent for long; who asks has a signal
        headersTimeout: 0,
        bodyTimeout: 0,
      }),
  );
  // who asks first is told
  opening.catch(() => undefined);
  return {
    request: async ({ headers, body = null, ...request }) =>
      (await opening).request({ ...request, origin, headers: { ...headers }, body }),
  };
};
