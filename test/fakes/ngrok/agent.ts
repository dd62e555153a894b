/**
 * A stand-in for the ngrok agent, for machines without ngrok's service. It is not ngrok: it speaks the documented command
 * line, configuration files, JSON log and local API, and forwards TCP from a port of this machine, which it calls public,
 * to the local port. STAND_IN_NGROK_* variables make it misbehave; see {@link misbehaviours}.
 */
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { claim } from './service.ts';
import { AgentError, type Invocation, readInvocation } from './settings.ts';

/** Each may be set in its environment. */
const misbehaviours = {
  version: process.env['STAND_IN_NGROK_VERSION'] ?? '3.36.1',
  /**
   * `html`, `empty`, `foreign` or `silent` instead of the documented answer; `lies`: somebody else holds its port, and names
   * an address of his own; `endpoints`: an agent without the old `/api/tunnels`.
   */
  api: process.env['STAND_IN_NGROK_API'],
  /** Megabytes of log before it begins, and as much on stderr. */
  logMb: Number(process.env['STAND_IN_NGROK_LOG_MB'] ?? 0),
  /** Cannot reach the service. */
  unreachable: process.env['STAND_IN_NGROK_UNREACHABLE'] !== undefined,
  /** Ends by an error of this text after that long. */
  endsAfterMs: Number(process.env['STAND_IN_NGROK_ENDS_AFTER_MS'] ?? 0),
  endsWith: process.env['STAND_IN_NGROK_ENDS_WITH'] ?? 'session closed: the session has expired',
  /** Kills itself after that long. */
  diesAfterMs: Number(process.env['STAND_IN_NGROK_DIES_AFTER_MS'] ?? 0),
  /** Reports another address after that long. */
  movesAfterMs: Number(process.env['STAND_IN_NGROK_MOVES_AFTER_MS'] ?? 0),
};

const log = (lvl: string, msg: string, more: Readonly<Record<string, unknown>> = {}): void => {
  process.stdout.write(`${JSON.stringify({ ...more, lvl, msg, t: new Date().toISOString() })}\n`);
};

const fixture = (name: string): string => readFileSync(join(import.meta.dirname, '..', '..', 'fixtures', name), 'utf8');

/** The public end: TCP as it is, http behind TLS. */
const openPublicEnd = (invocation: Invocation, port: number): Promise<Server> => {
  const { protocol, localPort } = invocation;
  const forward = (client: NodeJS.ReadWriteStream & { destroy: () => unknown }) => {
    const upstream = connect(localPort, '127.0.0.1');
    upstream.on('error', (error) => {
      log('warn', 'failed to open private leg', { err: error.message, obj: 'join' });
      client.destroy();
    });
    client.on('error', () => upstream.destroy());
    client.pipe(upstream).pipe(client);
  };
  const server =
    protocol === 'tcp'
      ? createServer(forward)
      : createTlsServer({ cert: fixture('localhost-cert.pem'), key: fixture('localhost-key.pem') }, forward);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
};

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

/** One of `/api/endpoints`, as agents have them since 3.30. */
const describeEndpoint = ({ addr }: Invocation, url: string) => ({
  name: 'command_line',
  url,
  upstream: { url: addr },
});

const describeTunnel = ({ protocol, addr }: Invocation, url: string) => ({
  name: 'command_line',
  uri: '/api/tunnels/command_line',
  public_url: misbehaviours.api === 'lies' ? 'https://evil.example' : url,
  proto: protocol === 'tcp' ? 'tcp' : 'https',
  config: { addr: misbehaviours.api === 'foreign' ? 'http://localhost:1' : addr, inspect: false },
  metrics: { conns: { count: 0 }, http: { count: 0 } },
});

const serveApi = (apiPort: number, tunnels: () => readonly unknown[]): Promise<void> => {
  const server = createHttpServer((request, response) => {
    if (misbehaviours.api === 'silent') return;
    if (misbehaviours.api === 'html') return void response.end('<!doctype html><title>something else</title>');
    const isCurrent = misbehaviours.api === 'endpoints';
    if (request.url !== (isCurrent ? '/api/endpoints' : '/api/tunnels')) return void response.writeHead(404).end();
    const listed = misbehaviours.api === 'empty' ? [] : tunnels();
    response
      .setHeader('content-type', 'application/json')
      .end(JSON.stringify({ [isCurrent ? 'endpoints' : 'tunnels']: listed, uri: request.url }));
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(apiPort, '127.0.0.1', () => resolve());
  });
};

const floodLogs = async (): Promise<void> => {
  const line = `${JSON.stringify({ lvl: 'info', msg: 'x'.repeat(1000) })}\n`;
  for (let sent = 0; sent < misbehaviours.logMb * 1e6; sent += line.length) {
    for (const stream of [process.stdout, process.stderr]) {
      if (!stream.write(line)) await new Promise((resolve) => stream.once('drain', resolve));
    }
  }
};

/** The real one prints an error after logging it, and ends. */
const fail = (message: string): never => {
  log('crit', 'command failed', { err: message, obj: 'app' });
  for (const line of message.split(/\r?\n/)) process.stderr.write(`ERROR:  ${line}\n`);
  process.exit(1);
};

const retryForEver = (): void => {
  const err = 'failed to dial ngrok server with address "connect.ngrok-agent.com:443": dial tcp: no such host';
  const say = () => log('eror', 'failed to reconnect session', { err, obj: 'tunnels.session' });
  say();
  setInterval(say, 500);
};

const misbehaveLater = (invocation: Invocation, tunnels: unknown[]): void => {
  const { endsAfterMs, endsWith, diesAfterMs, movesAfterMs } = misbehaviours;
  if (endsAfterMs) setTimeout(() => fail(endsWith), endsAfterMs);
  if (diesAfterMs) setTimeout(() => process.kill(process.pid, 'SIGKILL'), diesAfterMs);
  const move = () => {
    const url = 'https://moved.ngrok-stand-in.example';
    tunnels.splice(0, 1, describeTunnel(invocation, url));
    log('info', 'started tunnel', { obj: 'tunnels', name: 'command_line', addr: invocation.addr, url });
  };
  if (movesAfterMs) setTimeout(move, movesAfterMs);
};

const run = async (invocation: Invocation): Promise<void> => {
  const tunnels: unknown[] = [];
  log('info', 'open config file', { err: '<nil>' });
  await serveApi(invocation.apiPort, () => tunnels);
  log('info', 'starting web service', { obj: 'web', addr: `127.0.0.1:${invocation.apiPort}` });
  await floodLogs();
  if (misbehaviours.unreachable) return retryForEver();
  const wanted = invocation.protocol === 'tcp' ? Number(invocation.url?.split(':').at(-1) ?? 0) : 0;
  const refusal = claim(invocation);
  if (refusal) fail(refusal);
  const end = await openPublicEnd(invocation, wanted);
  const scheme = invocation.protocol === 'tcp' ? 'tcp' : 'https';
  const url = invocation.url ?? `${scheme}://localhost:${portOf(end)}`;
  tunnels.push((misbehaviours.api === 'endpoints' ? describeEndpoint : describeTunnel)(invocation, url));
  log('info', 'client session established', { obj: 'tunnels.session' });
  log('info', 'stand-in: this is not ngrok', { publicPort: portOf(end) });
  log('info', 'started tunnel', { obj: 'tunnels', name: 'command_line', addr: invocation.addr, url });
  misbehaveLater(invocation, tunnels);
};

const [command = '', ...rest] = process.argv.slice(2);
if (command === 'version') process.stdout.write(`ngrok version ${misbehaviours.version}\n`);
else {
  try {
    await run(readInvocation([command, ...rest], process.env));
  } catch (error) {
    if (error instanceof AgentError) fail(error.message);
    else fail(`stand-in: ${(error as Error).message}`);
  }
}
