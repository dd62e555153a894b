import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';

/** An error of the real agent: it prints it, and ends with 1. */
export class AgentError extends Error {}

const agentKeys = [
  'authtoken',
  'web_addr',
  'inspect_db_size',
  'console_ui',
  'update_check',
  'log',
  'log_format',
  'log_level',
  'metadata',
];

type File = Readonly<Record<string, unknown>>;

const readConfigFile = (path: string): File => {
  try {
    return parse(readFileSync(path, 'utf8')) as File;
  } catch (error) {
    throw new AgentError(`Error reading configuration file '${path}': ${(error as Error).message}`);
  }
};

/** The agent's own settings in a file of either format. */
const agentPart = (path: string): { readonly version: string; readonly settings: File } => {
  const { version, agent, tunnels, endpoints, ...rest } = readConfigFile(path);
  if (String(version) !== '2' && String(version) !== '3') {
    throw new AgentError(`Error reading configuration file '${path}': \`version\` property is required.`);
  }
  const settings = (String(version) === '3' ? agent : rest) as File;
  for (const key of [...Object.keys(settings), ...(String(version) === '3' ? Object.keys(rest) : [])]) {
    if (!agentKeys.includes(key)) {
      throw new AgentError(`Error reading configuration file '${path}': yaml: field ${key} not found`);
    }
  }
  return { version: String(version), settings };
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
  const config = readConfig(values.config ?? [home]);
  if (config['log'] !== 'stdout' || config['log_format'] !== 'json') throw new AgentError('no JSON log on stdout');
  const authtoken = env['NGROK_AUTHTOKEN'] || (config['authtoken'] as string | undefined);
  const { url, 'traffic-policy-file': policyFile } = values;
  return {
    protocol,
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
