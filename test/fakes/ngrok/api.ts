import { createServer } from 'node:http';
import { misbehaviours } from './misbehaviours.ts';
import type { Invocation } from './settings.ts';

/** What an agent serves: where it leads to, and its public address. */
export type Served = { readonly invocation: Invocation; readonly url: string };

const addressOf = ({ invocation: { addr }, url }: Served) => ({
  addr: misbehaviours.api === 'foreign' ? 'http://localhost:1' : addr,
  url: misbehaviours.api === 'lies' ? 'https://evil.example' : url,
});

/** One of `/api/endpoints`, which agents have since 3.30. */
const describeEndpoint = (served: Served) => {
  const { addr, url } = addressOf(served);
  const { protocol } = served.invocation;
  return {
    name: 'command_line',
    uri: '/api/endpoints/command_line',
    url,
    pooling_enabled: false,
    upstream: { url: addr, ...(protocol === 'http' && { protocol: 'http1' }) },
  };
};

const idle = { count: 0, gauge: 0, rate1: 0, rate5: 0, rate15: 0, p50: 0, p90: 0, p95: 0, p99: 0 };

/** One of `/api/tunnels`, which is deprecated since 3.30. */
const describeTunnel = (served: Served) => {
  const { addr, url } = addressOf(served);
  return {
    name: 'command_line',
    ID: 'f4f758396ce761c2180918923f4964a3',
    uri: '/api/tunnels/command_line',
    public_url: url,
    proto: served.invocation.protocol === 'tcp' ? 'tcp' : 'https',
    config: { addr, inspect: false },
    metrics: { conns: idle, http: idle },
  };
};

const hasEndpoints = (): boolean => {
  const [major = 0, minor = 0] = misbehaviours.version.split('.').map(Number);
  return major > 3 || (major === 3 && minor >= 30);
};

const listFor = (path: string | undefined, served: readonly Served[]): object | undefined => {
  const all = misbehaviours.api === 'empty' ? [] : served;
  if (path === '/api/endpoints' && hasEndpoints()) return { endpoints: all.map(describeEndpoint), uri: path };
  if (path === '/api/tunnels' && misbehaviours.api !== 'endpoints')
    return { tunnels: all.map(describeTunnel), uri: path };
  return undefined;
};

/** The agent's local API, as far as it lists what the agent serves. */
export const serveApi = (apiPort: number, served: () => readonly Served[]): Promise<void> => {
  const server = createServer((request, response) => {
    if (misbehaviours.api === 'silent') return;
    if (misbehaviours.api === 'html') return void response.end('<!doctype html><title>something else</title>');
    const list = listFor(request.url, served());
    if (!list) return void response.writeHead(404).end();
    response.setHeader('content-type', 'application/json').end(JSON.stringify(list));
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(apiPort, '127.0.0.1', () => resolve());
  });
};
