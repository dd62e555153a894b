import { z } from 'zod';
import { settings } from './settings.ts';

const describe = (path: string): string => settings.find((setting) => setting.path === path)?.description ?? '';

const label = z
  .string()
  .regex(/^[a-z]([-a-z0-9]*[a-z0-9])?$/, 'must be lower-case letters, digits and dashes, and begin with a letter');
const port = z.int().min(1).max(65_535);
const count = z.int().min(1);
// a day: a timer of Node.js holds 24 of them, and ends at once when given more
const seconds = count.max(86_400);
const text = z.string().min(1, 'must not be empty');
const octet = '(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])';
const privateNetwork = new RegExp(`^(10\\.${octet}|172\\.(1[6-9]|2[0-9]|3[01])|192\\.168)\\.0\\.0/16$`);
const hostName = /^[A-Za-z0-9]([-A-Za-z0-9.:]*[A-Za-z0-9])?$/;

const host = z
  .string()
  .regex(hostName, 'must be a host name or address alone; scheme and port are settings of their own');
const file = text;
// a word that begins with a dash would be read as a flag by the program that gets it
const argument = z.string().regex(/^[^-\s]\S*$/, 'must be one word that does not begin with a dash');
const setting = <T extends z.ZodType>(path: string, type: T): T => type.describe(describe(path));

const minikubeSchema = z.strictObject({
  profile: setting('minikube.profile', label.max(63)).optional(),
  driver: setting('minikube.driver', argument),
  cpus: setting('minikube.cpus', count),
  memoryMb: setting('minikube.memoryMb', z.int().min(1800, 'must be at least 1800, which Kubernetes needs')),
  serviceCidr: setting(
    'minikube.serviceCidr',
    z.string().regex(/^\d+(\.\d+){3}\/\d+$/, 'must be a range such as 10.97.0.0/16'),
  ).optional(),
  baseImage: setting('minikube.baseImage', argument).optional(),
  startArgs: setting('minikube.startArgs', text).optional(),
});

const sshSchema = z.strictObject({
  host: setting('ssh.host', argument).optional(),
  port: setting('ssh.port', port).optional(),
  remotePort: setting('ssh.remotePort', z.int().min(0).max(65_535)),
  bindAddress: setting('ssh.bindAddress', host),
  publicHost: setting('ssh.publicHost', host).optional(),
  hostKeyPolicy: setting('ssh.hostKeyPolicy', z.enum(['accept-new', 'yes'])),
  serverAliveInterval: setting('ssh.serverAliveInterval', seconds),
  serverAliveCountMax: setting('ssh.serverAliveCountMax', count),
  configFile: setting('ssh.configFile', file).optional(),
  program: setting('ssh.program', argument),
});

const ngrokSchema = z.strictObject({
  program: setting('ngrok.program', argument),
  domain: setting('ngrok.domain', host).optional(),
  tcpAddress: setting(
    'ngrok.tcpAddress',
    z.string().regex(/^[A-Za-z0-9][-A-Za-z0-9.]*:\d+$/, 'must be host:port, such as 1.tcp.ngrok.io:12345'),
  ).optional(),
  trafficPolicyFile: setting('ngrok.trafficPolicyFile', file).optional(),
  configFile: setting('ngrok.configFile', file).optional(),
});

/** Strict: an unknown key is an error. Which ports go together is the gateway's knowledge and checked by its rules. */
export const configSchema = z
  .strictObject({
    name: label.max(40).describe(describe('name')),
    provider: z.enum(['auto', 'minikube', 'native', 'attach']).describe(describe('provider')),
    recreate: setting('recreate', z.boolean()),
    installMinikube: setting('installMinikube', z.boolean()),
    minikube: minikubeSchema,
    context: setting('context', text).optional(),
    allowContext: setting('allowContext', text).optional(),
    kubeconfig: setting('kubeconfig', file).optional(),
    adopt: setting('adopt', z.boolean()),
    mergeKubeconfig: setting('mergeKubeconfig', z.boolean()),
    network: z.strictObject({
      cidr: z
        .string()
        .regex(privateNetwork, 'must be a private /16 such as 10.210.0.0/16')
        .describe(describe('network.cidr'))
        .optional(),
    }),
    gateway: z.strictObject({
      name: label.max(55).describe(describe('gateway.name')),
      namespace: label.max(63).describe(describe('gateway.namespace')),
      className: label.max(63).describe(describe('gateway.className')),
      listenerLimit: z.int().min(2).max(1000).describe(describe('gateway.listenerLimit')),
      portRange: z.strictObject({
        start: port.describe(describe('gateway.portRange.start')),
        end: port.describe(describe('gateway.portRange.end')),
      }),
      seedPort: port.describe(describe('gateway.seedPort')),
      contourReplicas: count.max(5).describe(describe('gateway.contourReplicas')),
      reach: setting('gateway.reach', z.enum(['auto', 'node', 'forward'])),
      forwardAddress: setting('gateway.forwardAddress', z.ipv4()),
    }),
    master: z.strictObject({
      scheme: z.enum(['http', 'https']).describe(describe('master.scheme')),
      host: setting('master.host', host).optional(),
      port: port.describe(describe('master.port')),
      reach: setting('master.reach', z.enum(['auto', 'direct', 'ssh', 'ngrok', 'url'])),
      url: setting('master.url', text).optional(),
      clusterName: text.describe(describe('master.clusterName')),
      resourcePool: text.describe(describe('master.resourcePool')),
      taskNamespace: label.max(63).describe(describe('master.taskNamespace')),
      taskImage: z
        .string()
        .regex(/^[^\s$]+$/, 'must be the name of an image')
        .describe(describe('master.taskImage')),
      maxSlotsPerPod: z.int().min(0).describe(describe('master.maxSlotsPerPod')),
    }),
    ssh: sshSchema,
    ngrok: ngrokSchema,
    tunnel: z.strictObject({
      allowPublic: setting('tunnel.allowPublic', z.boolean()),
      ttlHours: setting('tunnel.ttlHours', count.max(24 * 7)),
    }),
    mirror: z
      .url({ protocol: /^https?$/, hostname: /./, error: 'must be a URL such as https://mirror.example/files' })
      .describe(describe('mirror'))
      .optional(),
    bundle: text.describe(describe('bundle')).optional(),
    timeouts: z.strictObject({
      upSeconds: seconds.describe(describe('timeouts.upSeconds')),
      stageSeconds: seconds.describe(describe('timeouts.stageSeconds')),
    }),
  })
  .readonly();

/** All settings of one run, checked. */
export type Config = z.infer<typeof configSchema>;

/** JSON schema of taskgate.yaml for editors; there every key may be left out. */
export const configJsonSchema = (): object => {
  const schema = z.toJSONSchema(configSchema.unwrap(), { reused: 'inline' });
  return { $schema: schema.$schema, title: 'taskgate.yaml', ...withoutRequired(schema) };
};

const withoutRequired = (schema: object): object =>
  Object.fromEntries(
    Object.entries(schema)
      .filter(([key, value]) => !(key === 'required' && Array.isArray(value)))
      .map(([key, value]) => [key, isPlain(value) ? withoutRequired(value) : value]),
  );

const isPlain = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
