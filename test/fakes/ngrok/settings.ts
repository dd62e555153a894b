import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';

/** An error of the real agent: it prints it, and ends with 1. */
export class AgentError extends Error {}

/** Of https://ngrok.com/docs/agent/config, in both formats; others are an error. */
const commonKeys = [
  ...['authtoken', 'api_key', 'connect_timeout', 'console_ui', 'console_ui_color', 'crl_noverify', 'crl_url'],
  ...[
    'dns_resolver_ips',
    'heartbeat_interval',
    'heartbeat_tolerance',
    'inspect_db_size',
    'log',
    'log_format',
    'log_level',
  ],
  ...['metadata', 'proxy_url', 'remote_management', 'update_channel', 'update_check', 'web_addr', 'web_allow_hosts'],
];
const agentKeys = {
  2: [...commonKeys, 'region', 'root_cas', 'server_addr'],
  3: [...commonKeys, 'connect_cas', 'connect_url', 'local_storage'],
} as const;
const endpointKeys = [
  ...['name', 'url', 'upstream', 'metadata', 'description', 'bindings', 'pooling_enabled', 'traffic_policy'],
];

type File = Readonly<Record<string, unknown>>;

const readConfigFile = (path: string): File => {
  try {
    return parse(readFileSync(path, 'utf8')) as File;
  } catch (error) {
    throw new AgentError(`Error reading configuration file '${path}': ${(error as Error).message}`);
  }
};

const refuseKeys = (path: string, found: object, known: readonly string[]): void => {
  const unknown = Object.keys(found).find((key) => !known.includes(key));
  if (unknown) throw new AgentError(`Error reading configuration file '${path}': yaml: field ${unknown} not found`);
};

/** The agent's own settings in a file of either format. */
const agentPart = (path: string): { readonly version: string; readonly settings: File } => {
  const { version, agent = {}, tunnels: _, endpoints = [], ...rest } = readConfigFile(path);
  if (String(version) === '2') {
    refuseKeys(path, rest, agentKeys[2]);
    return { version: '2', settings: rest };
  }
  if (String(version) !== '3') {
    throw new AgentError(`Error reading configuration file '${path}': \`version\` property is required.`);
  }
  refuseKeys(path, rest, []);
  refuseKeys(path, agent as File, agentKeys[3]);
  for (const endpoint of endpoints as readonly File[]) refuseKeys(path, endpoint, endpointKeys);
  return { version: '3', settings: agent as File };
};

/** Settings as `--config` files give them, later ones winning; without such files, those of the default file. */
const readConfig = (paths: readonly string[]): File => {
  const parts = paths.map(agentPart);
  // nothing documents what such a mixture means, so nobody may rely on it
  if (new Set(parts.map(({ version }) => version)).size > 1) {
    throw new AgentError('Error reading configuration file: formats 2 and 3 are mixed');
  }
  return Object.assign({}, ...parts.map(({ settings }) => settings)) as File;
};

export type Invocation = {
  readonly protocol: 'http' | 'tcp';
  readonly localPort: number;
  readonly addr: string;
  readonly url?: string;
  readonly policyFile?: string;
  readonly apiPort: number;
  readonly authtoken?: string;
  /** The configuration files that it has read. */
  readonly files: readonly string[];
  /** The proxy by which it would reach the service. */
  readonly proxy?: string;
};

const options = {
  config: { type: 'string', multiple: true },
  url: { type: 'string' },
  'traffic-policy-file': { type: 'string' },
} as const;

/** Reads the command line and the files that it names, as documented for agent 3. */
export const readInvocation = (argv: readonly string[], env: NodeJS.ProcessEnv): Invocation => {
  const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true });
  const [protocol, upstream] = positionals;
  if ((protocol !== 'http' && protocol !== 'tcp') || !upstream) {
    throw new AgentError(`unknown command "${argv.join(' ')}"`);
  }
  const home = join(env['HOME'] ?? '/', '.config', 'ngrok', 'ngrok.yml');
  const files = values.config ?? [home];
  const config = readConfig(files);
  const proxy =
    config['proxy_url'] ?? env['http_proxy'] ?? env['HTTP_PROXY'] ?? env['https_proxy'] ?? env['HTTPS_PROXY'];
  if (config['log'] !== 'stdout' || config['log_format'] !== 'json') throw new AgentError('no JSON log on stdout');
  const authtoken = env['NGROK_AUTHTOKEN'] || (config['authtoken'] as string | undefined);
  const { url, 'traffic-policy-file': policyFile } = values;
  return {
    ...{ protocol, files },
    ...(proxy !== undefined && { proxy: String(proxy) }),
    addr: upstream,
    localPort: Number(upstream.split(':').at(-1)),
    apiPort: Number(
      String(config['web_addr'] ?? 'localhost:4040')
        .split(':')
        .at(-1),
    ),
    ...(url && { url }),
    ...(policyFile && { policyFile }),
    ...(authtoken && { authtoken }),
  };
};
