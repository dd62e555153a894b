import { instancePaths } from '../../instance/paths.ts';
import { UserError } from '../../lib/errors.ts';
import type { GatewayEndpoint } from '../../model/gateway-endpoint.ts';
import { type MasterEndpoint, originOf } from '../../model/master-endpoint.ts';

/** How an instance's variables can be written. */
export const envFormats = ['bash', 'dotenv', 'github', 'json'] as const;

export type EnvFormat = (typeof envFormats)[number];

export type Variables = Readonly<Record<string, string>>;

export type EnvironmentInput = {
  readonly name: string;
  readonly instanceDir: string;
  readonly gateway: GatewayEndpoint;
  readonly master: MasterEndpoint;
  /** Whether the master has a certificate of the instance. */
  readonly hasCertificate?: boolean;
};

/** What a shell or a CI job needs to use an instance. */
export const environmentOf = ({ name, instanceDir, gateway, master, hasCertificate }: EnvironmentInput): Variables => ({
  KUBECONFIG: instancePaths(instanceDir).kubeconfigPath,
  TASKGATE_NAME: name,
  GATEWAY_IP: gateway.address,
  GATEWAY_NAME: gateway.name,
  GATEWAY_NAMESPACE: gateway.namespace,
  GATEWAY_PORT_RANGE_START: String(gateway.portRange.start),
  GATEWAY_PORT_RANGE_END: String(gateway.portRange.end),
  DET_MASTER: originOf(master),
  // as the det command line reads it
  ...(hasCertificate && { DET_MASTER_CERT_FILE: instancePaths(instanceDir).masterAuthorityPath }),
  MASTER_CONFIG: instancePaths(instanceDir).masterPath,
  DEVCLUSTER_CONFIG: instancePaths(instanceDir).devclusterPath,
});

const bash = (name: string, value: string): string => `export ${name}='${value.replaceAll("'", `'\\''`)}'`;

/** Quotes that a dotenv file may have, and what inside of each its readers would change. */
const dotenvQuotes: readonly (readonly [quote: string, changed: RegExp])[] = [
  ["'", /'/],
  ['"', /["$\\`]/],
  ['`', /[`$\\]/],
];

/** Plain where readers agree on it, else in quotes that its value needs not escape: they disagree on escapes. */
const dotenv = (name: string, value: string): string => {
  if (/^[\w./:@%+,=-]*$/.test(value)) return `${name}=${value}`;
  const [quote] = dotenvQuotes.find(([, changed]) => !changed.test(value)) ?? [];
  if (quote) return `${name}=${quote}${value}${quote}`;
  throw new UserError(`the value of ${name} has quotes of all kinds, which a dotenv file cannot hold: ${value}`, {
    id: 'environment.dotenv',
    hint: 'use another format: bash, github or json',
  });
};

/** A line for the file that GITHUB_ENV names; several lines stand between delimiters that none of them is. */
const github = (name: string, value: string): string => {
  if (!/[\r\n]/.test(value)) return `${name}=${value}`;
  const lines = value.split(/\r?\n/);
  let delimiter = `end_of_${name}`;
  while (lines.includes(delimiter)) delimiter += '_';
  return `${name}<<${delimiter}\n${value}\n${delimiter}`;
};

const renderers = { bash, dotenv, github } as const;

/** Throws UserError `environment.empty-variable`: an empty value would be found out only by what reads it. */
const verifyFilled = (variables: Variables): void => {
  const empty = Object.entries(variables).flatMap(([name, value]) => (value.trim() === '' ? [name] : []));
  if (empty.length === 0) return;
  throw new UserError(`no value is known for ${empty.join(', ')}`, {
    id: 'environment.empty-variable',
    hint: 'run `taskgate up` again and look at `taskgate status`',
  });
};

/** The variables as text in one of the formats. */
export const renderEnv = (variables: Variables, format: EnvFormat): string => {
  verifyFilled(variables);
  if (format === 'json') return `${JSON.stringify(variables, null, 2)}\n`;
  const render = renderers[format];
  return Object.entries(variables)
    .map(([name, value]) => `${render(name, value)}\n`)
    .join('');
};
