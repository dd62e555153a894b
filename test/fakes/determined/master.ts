import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { type ClusterOptions, killTask, launchTask, type Running } from './cluster.ts';
import { clusterId } from './shapes.ts';

export type StandInOptions = ClusterOptions & {
  readonly username: string;
  readonly password: string;
  readonly listen: { readonly host: string; readonly port: number };
  readonly tls?: { readonly cert: string; readonly key: string };
  /** What it says of its version; `stand-in` unless given. */
  readonly version?: string;
  /** What a login takes: the real one hashes by bcrypt 15, 1 to 7 s. */
  readonly loginMs?: number;
};

type Reply = readonly [status: number, body: unknown];

const refuse = (status: number, error: string): Reply => [
  status,
  { error: { code: status, reason: 'refused', error } },
];

const readBody = async (message: IncomingMessage): Promise<unknown> => {
  let text = '';
  for await (const chunk of message) text += chunk;
  return text ? JSON.parse(text) : {};
};

type CommandConfig = {
  readonly description?: string;
  readonly entrypoint: readonly string[];
  readonly resources?: { readonly slots?: number; readonly resource_pool?: string };
  readonly environment?: {
    readonly image?: string;
    readonly environment_variables?: readonly string[];
    readonly proxy_ports?: readonly { readonly proxy_port: number }[];
  };
};

const knownKeys = ['description', 'entrypoint', 'resources', 'environment'];

const infoOf = ({ version = 'stand-in' }: StandInOptions) => ({ cluster_id: clusterId, version, cluster_name: '' });

const poolsOf = ({ misbehaviour }: ClusterOptions) => {
  const { ownPool, otherPool } = misbehaviour?.otherCluster ?? {};
  if (!ownPool || !otherPool) return [{ name: 'default', clusterName: 'default' }];
  return [otherPool, ownPool].map((name) => ({ name, clusterName: `cluster-of-${name}` }));
};

const judgeConfig = (config: CommandConfig, pools: readonly string[]): string | undefined => {
  const unknown = Object.keys(config).find((key) => !knownKeys.includes(key));
  if (unknown) return `json: unknown field "${unknown}"`;
  if (config.resources?.slots !== 0) return 'the resource pool has no slots';
  const pool = config.resources.resource_pool;
  return pool && !pools.includes(pool) ? `could not find resource pool ${pool}` : undefined;
};

const describe = ({ task, state, exitStatus, resourcePool }: Running) => ({
  command: { id: task.id, description: 'stand-in', state, exitStatus, username: 'admin', resourcePool },
});

const describeTask = ({ task, state }: Running) => ({
  task: { taskId: task.id, allocations: [{ taskId: task.id, allocationId: task.allocationId, state, isReady: false }] },
});

/** What the proxy adds to a request. */
const forwardedHeaders = ({ socket, headers }: IncomingMessage, scheme: string) => {
  const from = socket.remoteAddress ?? '';
  const before = headers['x-forwarded-for'];
  return {
    'x-forwarded-for': before ? `${before}, ${from}` : from,
    'x-forwarded-proto': headers['x-forwarded-proto'] ?? scheme,
    'x-real-ip': headers['x-real-ip'] ?? from,
  };
};

/** Passes a request on, its path and its Authorization included; an end that cannot be dialed is 502. */
const passOn = (
  from: IncomingMessage,
  to: ServerResponse,
  { scheme, ...target }: { readonly host: string; readonly port: number; readonly scheme: string },
): void => {
  const { method = 'GET', url: path = '/' } = from;
  const headers = { ...from.headers, ...forwardedHeaders(from, scheme) };
  const sent = request({ ...target, method, path, headers, timeout: 10_000 }, (answer) => {
    to.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(to);
  });
  sent.on('error', () => to.writeHead(502).end());
  sent.on('timeout', () => sent.destroy(new Error('timeout')));
  from.pipe(sent);
};

/**
 * A stand-in for Determined's master, for machines without one. It is not Determined: it answers the documented REST calls
 * of a command, and does the master's work on the Gateway against the cluster that it is given. No database, one user.
 */
export const startMasterStandIn = async (options: StandInOptions) => {
  const token = `v2.public.stand-in-${randomUUID()}`;
  const tasks = new Map<string, Running>();

  let logins = 0;
  const logIn = async (message: IncomingMessage): Promise<Reply> => {
    const { username, password } = (await readBody(message)) as Readonly<Record<string, string>>;
    logins++;
    await pause(options.loginMs ?? 0);
    const isRight = username === options.username && password === options.password;
    return isRight ? [200, { token, user: { username } }] : refuse(401, 'invalid credentials');
  };
  const launch = async (message: IncomingMessage): Promise<Reply> => {
    const { config } = (await readBody(message)) as { config: CommandConfig };
    const pools = poolsOf(options).map(({ name }) => name);
    const trouble = judgeConfig(config, pools);
    if (trouble) return refuse(400, trouble);
    const variables = config.environment?.environment_variables ?? [];
    const nonce = variables.find((one) => one.startsWith('TASKGATE_NONCE='))?.split('=')[1] ?? 'none';
    const podPorts = (config.environment?.proxy_ports ?? []).map(({ proxy_port: port }) => port);
    const resourcePool = config.resources?.resource_pool;
    const running = launchTask(options, { podPorts, nonce, ...(resourcePool && { resourcePool }) });
    tasks.set(running.task.id, running);
    return [200, { ...describe(running), config }];
  };
  const aboutTask = async (kind: string, id: string, action: string | undefined): Promise<Reply> => {
    const running = tasks.get(id);
    const { hidesAllocations, refusesKill } = options.misbehaviour ?? {};
    if (!running || (kind === 'tasks' && hidesAllocations)) return refuse(404, `${kind} ${id} not found`);
    if (action === 'kill' && refusesKill) return refuse(403, 'access forbidden');
    if (action === 'kill') await killTask(options, running);
    return [200, kind === 'tasks' ? describeTask(running) : describe(running)];
  };
  const streamLogs = (id: string, response: ServerResponse) => {
    const lines = tasks.get(id)?.logs ?? [];
    const entries = lines.map((log, index) =>
      JSON.stringify({ result: { id: String(index), taskId: id, log: `${log}\n` } }),
    );
    response.setHeader('content-type', 'application/json').end(entries.map((entry) => `${entry}\n`).join(''));
  };
  const proxy = (message: IncomingMessage, response: ServerResponse, service: string) => {
    const [id = '', podPort] = service.split(':');
    const port = tasks.get(id)?.targets.get(Number(podPort));
    if (port === undefined) {
      return void response.writeHead(404).end(JSON.stringify({ message: `service not found: ${service}` }));
    }
    const host = options.misbehaviour?.gatewayIp ?? options.gateway.address;
    passOn(message, response, { host, port, scheme: options.tls ? 'https' : 'http' });
  };

  const answer = async (message: IncomingMessage, path: string): Promise<Reply> => {
    if (path === '/info') return [200, infoOf(options)];
    if (path === '/api/v1/auth/login' && message.method === 'POST') return logIn(message);
    if (message.headers.authorization !== `Bearer ${token}`) return [401, { message: 'Unauthorized' }];
    if (path === '/api/v1/resource-pools') return [200, { resourcePools: poolsOf(options) }];
    if (path === '/api/v1/commands' && message.method === 'POST') return launch(message);
    const [, kind = '', id = '', action] = /^\/api\/v1\/(commands|tasks)\/([^/]+)(?:\/(kill))?$/.exec(path) ?? [];
    return kind ? aboutTask(kind, id, action) : [404, { message: 'Not Found' }];
  };
  const serve = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname } = new URL(message.url ?? '/', 'http://stand-in');
    const isKnown = message.headers.authorization === `Bearer ${token}`;
    const [, service] = /^\/proxy\/([^/]+)/.exec(pathname) ?? [];
    const [, logsOf] = /^\/api\/v1\/tasks\/([^/]+)\/logs$/.exec(pathname) ?? [];
    if (service && !isKnown && /^Bearer v2\.public\./.test(message.headers.authorization ?? '')) {
      return void response.writeHead(303, { location: `/det/login?redirect=${encodeURIComponent(pathname)}` }).end();
    }
    if (service && isKnown) return proxy(message, response, decodeURIComponent(service));
    if (logsOf && isKnown && !options.misbehaviour?.refusesLogs) return streamLogs(logsOf, response);
    const [status, body] = await answer(message, pathname);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };

  const server = options.tls ? createTlsServer(options.tls, serve) : createServer(serve);
  // the real one chooses by the first bytes and closes what is neither HTTP nor gRPC; recorded: a TLS client gets ECONNRESET
  server.on('clientError', (_, socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.listen.port, options.listen.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `${options.tls ? 'https' : 'http'}://${options.listen.host}:${port}`,
    tasks,
    logins: () => logins,
    [Symbol.asyncDispose]: async () => {
      for (const running of tasks.values()) running.stopped.abort();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
