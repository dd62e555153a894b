import { z } from 'zod';
import { parseMirror } from '../lib/http/mirror.ts';
import { settings } from './settings.ts';

const label = z
  .string()
  .regex(/^[a-z]([-a-z0-9]*[a-z0-9])?$/, 'must be lower-case letters, digits and dashes, and begin with a letter');
const port = z.int().min(1).max(65_535);
const count = z.int().min(1);
// a day: a timer of Node.js holds 24 of them, and ends at once when given more
const seconds = count.max(86_400);
const text = z.string().min(1, 'must not be empty');
const octet = '(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])';
const privateNetwork = new RegExp(`^(10\\.${octet}|172\\.(1[6-9]|2[0-9]|3[01])|192\\.168|198\\.1[89])\\.0\\.0/16$`);
// an IPv6 address may begin or end with two colons
const hostName = /^(::)?[A-Za-z0-9]([-A-Za-z0-9.:]*[A-Za-z0-9])?(::)?$/;

const hostMessage = 'must be a host name or address alone; scheme and port are settings of their own';
const host = z.string().regex(hostName, hostMessage);
/** As `ssh -R` takes it: `*` is every address, `::` every IPv6 one. */
const bindAddress = z.string().regex(new RegExp(`^(\\*|::)$|${hostName.source}`), hostMessage);
const file = text;
// a word that begins with a dash would be read as a flag by the program that gets it
const argument = z.string().regex(/^[^-\s]\S*$/, 'must be one word that does not begin with a dash');
const range = z.string().regex(/^\d+(\.\d+){3}\/\d+$/, 'must be a range such as 10.97.0.0/16');
const sources = z.array(
  z
    .union([z.cidrv4(), z.ipv4()], 'must be an IPv4 address or a range such as 192.168.0.0/16')
    .transform((one) => (one.includes('/') ? one : `${one}/32`)),
);
const anySources = z.array(
  z
    .union([z.cidrv4(), z.cidrv6(), z.ipv4(), z.ipv6()], 'must be an address or a range such as 203.0.113.0/24')
    .transform((one) => (one.includes('/') ? one : `${one}/${one.includes(':') ? 128 : 32}`)),
);
const hostAndPort = z
  .string()
  .regex(/^[A-Za-z0-9][-A-Za-z0-9.]*:\d+$/, 'must be host:port, such as 1.tcp.ngrok.io:12345');

/** Strict: an unknown key is an error. Which ports go together is the gateway's knowledge and checked by its rules. */
export const configSchema = z
  .strictObject({
    name: label.max(40),
    provider: z.enum(['auto', 'minikube', 'native', 'attach']),
    recreate: z.boolean(),
    installMinikube: z.boolean(),
    minikube: z.strictObject({
      profile: label.max(63).optional(),
      driver: argument,
      cpus: count,
      memoryMb: z.int().min(1800, 'must be at least 1800, which Kubernetes needs'),
      serviceCidr: range.optional(),
      baseImage: argument.optional(),
      startArgs: text.optional(),
    }),
    context: text.optional(),
    allowContext: text.optional(),
    kubeconfig: file.optional(),
    adopt: z.boolean(),
    mergeKubeconfig: z.boolean(),
    network: z.strictObject({
      cidr: z
        .string()
        .regex(privateNetwork, 'must be a private /16 such as 10.210.0.0/16, or 198.18.0.0/16 or 198.19.0.0/16')
        .optional(),
      policies: z.boolean(),
      egressAllow: sources.optional(),
      taskToTask: z.boolean(),
    }),
    native: z.strictObject({
      egress: z.enum(['master', 'host', 'all']),
      memoryMb: z.int().min(1536, 'must be at least 1536, which Kubernetes and Contour need').optional(),
      pidsLimit: z.int().min(2048, 'must be at least 2048, which Kubernetes and Contour need'),
    }),
    podSecurity: z.enum(['baseline', 'restricted', 'privileged']).optional(),
    gateway: z.strictObject({
      name: label.max(55),
      namespace: label.max(63),
      className: label.max(63),
      listenerLimit: z.int().min(2).max(1000),
      portRange: z.strictObject({ start: port, end: port }),
      seedPort: port,
      contourReplicas: count.max(5),
      reach: z.enum(['auto', 'node', 'published', 'forward']),
      allowFrom: sources.optional(),
      forwardAddress: z.ipv4(),
    }),
    master: z.strictObject({
      scheme: z.enum(['http', 'https']),
      tls: z.boolean(),
      host: host.optional(),
      port,
      reach: z.enum(['auto', 'direct', 'ssh', 'ngrok', 'url']),
      url: text.optional(),
      program: file.optional(),
      root: file.optional(),
      also: z.array(label.max(40)).optional(),
      clusterName: text,
      resourcePool: text,
      taskNamespace: label.max(63),
      taskImage: z.string().regex(/^[^\s$]+$/, 'must be the name of an image'),
      maxSlotsPerPod: z.int().min(0),
      version: z
        .string()
        .regex(/^[0-9]+(\.[0-9A-Za-z]+)+([-+.][0-9A-Za-z]+)*$/, 'must be a version such as 0.38.1')
        .optional(),
    }),
    withMaster: z.boolean(),
    dbUrl: z
      .string()
      .regex(/^postgres(ql)?:\/\/[^\s]+$/, 'must be a URL such as postgres://USER:PASSWORD@HOST:5432/NAME')
      .optional(),
    smallTaskImage: z.boolean(),
    withJupyterlab: z.boolean(),
    ssh: z.strictObject({
      host: argument.optional(),
      port: port.optional(),
      remotePort: z.int().min(0).max(65_535),
      bindAddress,
      publicHost: host.optional(),
      hostKeyPolicy: z.enum(['accept-new', 'yes']),
      serverAliveInterval: seconds,
      serverAliveCountMax: count,
      configFile: file.optional(),
      program: argument,
    }),
    ngrok: z.strictObject({
      program: argument,
      domain: host.optional(),
      tcpAddress: hostAndPort.optional(),
      trafficPolicyFile: file.optional(),
      configFile: file.optional(),
      probeMinutes: count.max(24 * 60).optional(),
    }),
    tunnel: z.strictObject({
      allowPublic: z.boolean(),
      ttlHours: count.max(24 * 7),
      allowFrom: anySources.min(1, 'must name who may call; leave it out to admit everyone').optional(),
    }),
    mirror: z
      .url({ protocol: /^https?$/, hostname: /./, error: 'must be a URL such as https://mirror.example/files' })
      // user and password leave the configuration here, so that nothing that shows it can show them
      .transform(parseMirror)
      .optional(),
    trustMirror: z.boolean(),
    bundle: text.optional(),
    bundleDigest: z
      .string()
      .regex(/^sha256:[0-9a-f]{64}$/, 'must be sha256: and 64 hex digits, as `taskgate prefetch --bundle` prints it')
      .optional(),
    timeouts: z.strictObject({ upSeconds: seconds, stageSeconds: seconds }),
  })
  .readonly();

/** All settings of one run, checked. */
export type Config = z.infer<typeof configSchema>;

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** Every key may be left out, and each setting has its description. */
const forEditors = ({ required: _, ...schema }: JsonSchema, path: readonly string[] = []): JsonSchema => {
  const setting = settings.find((one) => one.path === path.join('.'));
  if (setting) return { ...schema, description: setting.description };
  const sections = Object.entries(schema.properties ?? {}) as [string, JsonSchema][];
  const properties = sections.map(([key, below]) => [key, forEditors(below, [...path, key])] as const);
  return { ...schema, properties: Object.fromEntries(properties) };
};

/** JSON schema of taskgate.yaml for editors. */
export const configJsonSchema = (): JsonSchema => {
  const { $schema, ...schema } = z.toJSONSchema(configSchema.unwrap(), { reused: 'inline', io: 'input' });
  return { $schema, title: 'taskgate.yaml', ...forEditors(schema) };
};
