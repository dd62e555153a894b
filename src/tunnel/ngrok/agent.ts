import type { NgrokSpec } from '../../instance/tunnels.ts';
import { messageOf } from '../../lib/errors.ts';
import { HttpError, httpRequest, readBytes } from '../../lib/http/http.ts';
import { type Fields, isFields, parseFields } from '../../lib/json.ts';
import type { Command } from '../../lib/process/runner.ts';
import type { PublicAddress } from '../../model/master-endpoint.ts';
import { probePath } from '../relay/probe.ts';

/**
 * The oldest agent that is started. `--url` and configuration files of version 3 came with 3.16; 3.17.0 mended that an
 * address by ngrok was taken for one of TLS, 3.18.2 and 3.18.4 that `--url` with a scheme was refused
 * (https://ngrok.com/docs/agent/changelog).
 */
const oldest = [3, 18, 4] as const;

/** Why an agent is too old, if it is; `text` is the output of `ngrok version`. */
export const findOldAgent = (text: string): string | undefined => {
  const version = /(\d+)\.(\d+)\.(\d+)/.exec(text)?.slice(1).map(Number);
  const at = oldest.findIndex((part, index) => version?.[index] !== part);
  const isNew = version !== undefined && (at < 0 || (version[at] ?? 0) > (oldest[at] ?? 0));
  return isNew ? undefined : `${text.trim()}, but at least ${oldest.join('.')} is needed`;
};

/** The format version of the user's own configuration; ngrok refuses a file without one. */
export const configVersionOf = (text: string): '2' | '3' => (/^version:\s*["']?2/m.test(text) ? '2' : '3');

/**
 * The settings that override the user's own: the API on a given port, the log on stdout, and no record of requests (they
 * carry tokens) behind that API. JSON is valid YAML. In the format of the user's file, since merging files of two formats
 * is not documented.
 */
export const renderAgentConfig = (version: '2' | '3', apiPort: number): string => {
  const settings = {
    web_addr: `127.0.0.1:${apiPort}`,
    inspect_db_size: -1,
    console_ui: false,
    update_check: false,
    log: 'stdout',
    log_format: 'json',
    log_level: 'info',
  };
  return JSON.stringify(version === '2' ? { version, ...settings } : { version, agent: settings }, undefined, 2);
};

const withScheme = (scheme: string, address: string): string =>
  address.includes('://') ? address : `${scheme}://${address}`;

/**
 * A traffic policy that admits these ranges alone (https://ngrok.com/docs/traffic-policy/actions/restrict-ips). Over https
 * the daemon's own probes pass from anywhere: the relay answers them itself, and passes none on to the master.
 */
export const renderTrafficPolicy = ({ tcpAddress }: NgrokSpec, allowFrom: readonly string[]): string => {
  const actions = [{ type: 'restrict-ips', config: { enforce: true, allow: allowFrom } }];
  const policy = tcpAddress
    ? { on_tcp_connect: [{ actions }] }
    : { on_http_request: [{ expressions: [`req.url.path != '${probePath}'`], actions }] };
  return `${JSON.stringify(policy, undefined, 2)}\n`;
};

/** The files that the agent reads: later configuration files win. */
export type AgentFiles = { readonly config: readonly string[]; readonly policy?: string | undefined };

export const agentCommand = (spec: NgrokSpec, localPort: number, { config, policy }: AgentFiles): Command => {
  const { program, domain, tcpAddress } = spec;
  const [protocol, upstream, url] = tcpAddress
    ? ['tcp', `127.0.0.1:${localPort}`, withScheme('tcp', tcpAddress)]
    : ['http', `http://127.0.0.1:${localPort}`, domain && withScheme('https', domain)];
  return [
    program,
    protocol,
    upstream,
    ...(url ? ['--url', url] : []),
    ...(policy ? ['--traffic-policy-file', policy] : []),
    ...config.flatMap((file) => ['--config', file]),
  ];
};

/** An address of ngrok as tasks dial it: https on 443, TCP as plain http on its own port; undefined for another text. */
export const parseAddress = (url: string): PublicAddress | undefined => {
  if (!URL.canParse(url)) return undefined;
  const { protocol, hostname, port } = new URL(url);
  if (!hostname || !['https:', 'http:', 'tls:', 'tcp:'].includes(protocol)) return undefined;
  const isSecure = protocol === 'https:' || protocol === 'tls:';
  return { scheme: isSecure ? 'https' : 'http', host: hostname, port: Number(port) || (isSecure ? 443 : 80) };
};

/** Of a tunnel (`/api/tunnels`) or an endpoint (`/api/endpoints`), what it leads to, and its public address. */
const upstreamOf = ({ config, upstream }: Fields): unknown =>
  isFields(config) ? config.addr : isFields(upstream) ? upstream.url : upstream;
const publicUrlOf = ({ public_url: tunnelUrl, url }: Fields): unknown => tunnelUrl ?? url;

const hasPort = (upstream: string, port: number): boolean => upstream.replace(/\/$/, '').endsWith(`:${port}`);

/**
 * Reads an answer of `/api/endpoints`, or of `/api/tunnels`, which it replaces since agent 3.30: the address of the tunnel
 * to `localPort`, or why there is none.
 */
export const judgeTunnels = (text: string, localPort: number): PublicAddress | string => {
  const { endpoints, tunnels = endpoints } = parseFields(text);
  if (!Array.isArray(tunnels)) return `its API returned ${JSON.stringify(text.slice(0, 80))}, not a list of tunnels`;
  const isOwn = (one: Fields): boolean => {
    const upstream = upstreamOf(one);
    return (typeof upstream === 'string' || typeof upstream === 'number') && hasPort(String(upstream), localPort);
  };
  const own = tunnels.filter(isFields).find(isOwn);
  const url = own && publicUrlOf(own);
  if (typeof url === 'string') return parseAddress(url) ?? `its API has an address that is none: ${url.slice(0, 80)}`;
  return tunnels.length === 0 ? 'no tunnel yet' : `its API has no tunnel to port ${localPort}`;
};

/** Where an agent has its list: since 3.30 at the first path, before that at the second one only. */
const apiPaths = ['/api/endpoints', '/api/tunnels'] as const;

const askPath = async (
  url: string,
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly text: string }> => {
  const response = await httpRequest(url, { signal, stallTimeoutMs: 2_000, redirect: 'manual' });
  return { status: response.status, text: (await readBytes(response, signal)).toString() };
};

/** Asks the agent's API once; throws the signal's reason when aborted. */
export const askAgent = async (
  { apiPort, localPort }: { readonly apiPort: number; readonly localPort: number },
  signal: AbortSignal,
): Promise<PublicAddress | string> => {
  try {
    const [current, former] = apiPaths.map((path) => `http://127.0.0.1:${apiPort}${path}`);
    const first = await askPath(current ?? '', signal);
    const { text } = first.status === 404 ? await askPath(former ?? '', signal) : first;
    return judgeTunnels(text, localPort);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof HttpError) return `its API: ${messageOf(error)}`;
    throw error;
  }
};
