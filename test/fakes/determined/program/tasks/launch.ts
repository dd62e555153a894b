/** From a launch request to a task: defaults, pool, ports, entrypoint. */
import { randomInt, randomUUID } from 'node:crypto';
import { type Fields, isFields, itemsOf } from '../../../../../src/lib/json.ts';
import type { MasterSettings, Pool, ResourceManager } from '../config/settings.ts';
import type { User } from '../database/users.ts';
import { Refusal } from '../rest/reply.ts';
import { makeKeys } from './keys.ts';
import type { Kind, Task, TaskPort, TaskSpec, UserFile } from './task.ts';

const knownKeys = [
  ...['description', 'bind_mounts', 'environment', 'resources', 'entrypoint', 'tensorboard_args'],
  ...['idle_timeout', 'notebook_idle_type', 'work_dir', 'debug', 'pbs', 'slurm'],
];

const words = [
  ['briefly', 'calmly', 'gently', 'kindly', 'lately', 'neatly', 'partly', 'rarely'],
  ['amber', 'brisk', 'civil', 'dusty', 'early', 'fresh', 'grand', 'humble'],
  ['badger', 'condor', 'donkey', 'falcon', 'gopher', 'heron', 'ibex', 'jackal'],
] as const;
const petname = (): string => words.map((list) => list[randomInt(list.length)]).join('-');

const title = { command: 'Command', notebook: 'JupyterLab', shell: 'Shell' } as const;

const fieldsAt = (fields: Fields, key: string): Fields => {
  const value = fields[key];
  return isFields(value) ? value : {};
};

type Placed = { readonly manager: ResourceManager; readonly pool: Pool };

const findPool = ({ managers }: MasterSettings, asked: unknown, slots: number): Placed => {
  const [root] = managers;
  const name =
    typeof asked === 'string' && asked ? asked : slots === 0 ? root?.defaultAuxPool : root?.defaultComputePool;
  for (const manager of managers) {
    const pool = manager.pools.find((one) => one.name === name);
    if (pool) return { manager, pool };
  }
  if (asked) throw new Refusal('notFound', `could not find resource pool ${name}`);
  throw new Refusal('notFound', `cannot find resource pool ${name}`);
};

const entrypointOf = (kind: Kind, config: Fields, ports: readonly TaskPort[]): readonly string[] => {
  if (kind === 'notebook') return ['/run/determined/jupyter/notebook-entrypoint.sh'];
  if (kind === 'shell') {
    const port = String(ports[0]?.podPort);
    return ['/run/determined/shell-entrypoint.sh', '-f', '/run/determined/ssh/sshd_config', '-p', port, '-D', '-e'];
  }
  const { entrypoint } = config;
  const given = typeof entrypoint === 'string' ? ['/bin/sh', '-c', entrypoint] : itemsOf(entrypoint).map(String);
  if (given.length === 0) throw new Refusal('invalid', 'must specify entrypoint');
  return ['/run/determined/command-entrypoint.sh', ...given];
};

/** As seen: 2900 to 3198 for notebooks, 3200 to 3498 for shells. */
const ownPort = (from: number): number => from + randomInt(299);

const portsOf = (kind: Kind, id: string, environment: Fields): readonly TaskPort[] => {
  const proxied = itemsOf(environment.proxy_ports)
    .filter(isFields)
    .map((one): TaskPort => {
      const podPort = Number(one.proxy_port);
      const scheme = one.proxy_tcp === true ? 'tcp' : 'http';
      return { podPort, serviceId: `${id}:${podPort}`, scheme, isUnauthenticated: one.unauthenticated === true };
    });
  if (kind === 'notebook') {
    return [{ podPort: ownPort(2900), serviceId: id, scheme: 'https', isUnauthenticated: false }, ...proxied];
  }
  if (kind === 'shell') {
    return [{ podPort: ownPort(3200), serviceId: id, scheme: 'tcp', isUnauthenticated: true }, ...proxied];
  }
  return proxied;
};

const variablesOf = (environment: Fields) => {
  const given = environment.environment_variables;
  const list = isFields(given) ? itemsOf(given.cpu) : itemsOf(given);
  return list.map(String).map((one) => {
    const [name = '', ...rest] = one.split('=');
    return { name, value: rest.join('=') };
  });
};

const filesOf = (value: unknown): readonly UserFile[] =>
  itemsOf(value)
    .filter(isFields)
    .map(({ path, content, mode, type }) => ({
      ...{ path: String(path), content: String(content ?? ''), mode: Number(mode ?? 0o644), type: Number(type ?? 48) },
    }));

const imageOf = ({ image }: Fields): string | undefined => {
  if (typeof image === 'string' && image) return image;
  return isFields(image) && typeof image.cpu === 'string' ? image.cpu : undefined;
};

export type LaunchInput = {
  readonly kind: Kind;
  readonly body: unknown;
  readonly settings: MasterSettings;
  readonly clusterId: string;
  readonly user: User;
  readonly openSession: (taskId: string) => Promise<string>;
};

const judge = (config: Fields): void => {
  const unknown = Object.keys(config).find((key) => !knownKeys.includes(key));
  if (unknown) throw new Refusal('invalid', `json: unknown field "${unknown}"`);
};

/** The task of a launch request. Throws a Refusal with the master's words. */
export const makeTask = async (input: LaunchInput): Promise<Task> => {
  const { kind, body, settings, clusterId, user } = input;
  const given: Fields = isFields(body) ? body : {};
  const config = fieldsAt(given, 'config');
  judge(config);
  const [resources, environment] = [fieldsAt(config, 'resources'), fieldsAt(config, 'environment')];
  const slots = typeof resources.slots === 'number' ? resources.slots : 1;
  const { manager, pool } = findPool(settings, resources.resource_pool, slots);
  if (slots > 0 && manager.maxSlotsPerPod === 0) throw new Refusal('invalid', 'the resource pool has no slots');
  const id = randomUUID();
  const ports = portsOf(kind, id, environment);
  const image = imageOf(environment) ?? pool.image ?? settings.image;
  const sessionToken = await input.openSession(id);
  const description =
    typeof config.description === 'string' && config.description ? config.description : `${title[kind]} (${petname()})`;
  const spec: TaskSpec = {
    ...{ id, allocationId: `${id}.1`, jobName: `det-${clusterId.slice(0, 8)}-cmd-${id}`, kind, description },
    ...{ clusterName: manager.clusterName, namespace: manager.defaultNamespace, pool: pool.name, image, slots },
    config: {
      ...{ ...config, description },
      resources: { ...resources, slots, resource_pool: pool.name },
      environment: { ...environment, image },
    },
    ...{ entrypoint: entrypointOf(kind, config, ports), environment: variablesOf(environment), ports },
    ...{ files: filesOf(given.files), username: user.username, userId: user.id, sessionToken },
    ...(kind === 'shell' && { keys: makeKeys() }),
    ...(kind === 'notebook' && { serviceAddress: `/proxy/${id}/?token=${sessionToken}` }),
  };
  return {
    ...{ spec, startTime: new Date(), state: 'STATE_QUEUED', exitStatus: '', isReady: false },
    ...{ endTime: undefined, nodeName: undefined, hasStarted: false, ended: new AbortController() },
  };
};
