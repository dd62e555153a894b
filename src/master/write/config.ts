import { UserError } from '../../lib/errors.ts';
import { renderYaml } from '../../lib/template.ts';
import { validateMasterConfig } from '../rules/validate.ts';
import { verifyDisjoint } from './instances.ts';
import type { Instances, ManagerValues, MasterValues } from './values.ts';

/** A PostgreSQL on this host, with the user and password of devcluster's database stage. */
export const database = {
  user: 'postgres',
  password: 'postgres',
  host: 'localhost',
  port: '5432',
  name: 'determined',
} as const;

/** How a master and the tasks of one resource manager reach each other: the only fields that taskgate needs. */
export const connectionOf = ({ gateway, master, kubeconfigPath }: ManagerValues) => ({
  kubeconfig_path: kubeconfigPath,
  determined_master_scheme: master.scheme,
  determined_master_host: master.host,
  determined_master_port: master.port,
  internal_task_gateway: {
    gateway_name: gateway.name,
    gateway_namespace: gateway.namespace,
    gateway_ip: gateway.address,
    gateway_port_range_start: gateway.portRange.start,
    gateway_port_range_end: gateway.portRange.end,
  },
});

const resourceManager = (values: MasterValues) => ({
  type: 'kubernetes',
  cluster_name: values.clusterName,
  default_namespace: values.taskNamespace,
  default_aux_resource_pool: values.resourcePool,
  default_compute_resource_pool: values.resourcePool,
  max_slots_per_pod: values.maxSlotsPerPod,
  slot_type: 'cpu',
  slot_resource_requests: { cpu: 1 },
  ...connectionOf(values),
});

/** An additional resource manager with its own pool. `rootImage` is the task image unless the pool has another. */
export const additionalManager = (values: MasterValues, rootImage?: string) => ({
  resource_manager: resourceManager(values),
  resource_pools: [
    {
      pool_name: values.resourcePool,
      ...(values.taskImage !== rootImage && { task_container_defaults: { image: values.taskImage } }),
    },
  ],
});

/** The master's configuration as an object. */
export const masterConfig = (...[root, ...additional]: Instances) => ({
  port: root.listenPort,
  root: root.root,
  db: database,
  cache: { cache_dir: root.cacheDir },
  telemetry: { enabled: false },
  security: { initial_user_password: root.adminPassword, ...(root.tls && { tls: root.tls }) },
  task_container_defaults: { image: root.taskImage },
  resource_manager: resourceManager(root),
  resource_pools: [{ pool_name: root.resourcePool }],
  ...(additional.length > 0 && {
    additional_resource_managers: additional.map((values) => additionalManager(values, root.taskImage)),
  }),
});

export const comment = (lines: readonly string[]): string => lines.map((line) => `# ${line}\n`).join('');

/** The comment at the top of a generated file. */
export const header = (what: readonly string[]): string =>
  comment([
    'Made by taskgate; the next `taskgate up` writes it anew.',
    'Holds the password of the users admin and determined: keep it readable by its owner only.',
    ...what,
  ]);

/** What `root` is, for those who start a master of their own. */
export const rootNote: readonly string[] = [
  "root: a folder with static/ and wheels/; tasks get the wheel of the master's version. That of taskgate, master-root, has the one of",
  'PyPI, and as static/ that of the checkout in which the master is started, unless `up` found another. A whole one is',
  'tools/build of a checkout after `make -C tools prep-root`, or /usr/share/determined/master of an installed master.',
];

/** Older masters ask for a licence (docs/determined.md, Releases). */
export const versionNote = ([, ...additional]: Instances): readonly string[] =>
  additional.length > 0 ? ['Several resource managers need Determined 0.38.0 or newer.'] : [];

/**
 * Verifies a generated text by taskgate's own rules. Throws UserError `usage.master-values` with the first error.
 */
export const verifyRendered = (text: string): string => {
  const errors = validateMasterConfig(text).filter(({ severity }) => severity === 'error');
  const [first] = errors;
  if (!first) return text;
  const others = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  throw new UserError(`cannot write a configuration for the master: ${first.path} ${first.message}${others}`, {
    id: 'usage.master-values',
    hint: first.hint ?? 'change the setting that it is generated from',
  });
};

/**
 * A `master.yaml` that a real master starts with (docs/determined.md, What a master needs). Write it with mode 0600: it
 * contains a password. The first of several instances provides the master's own settings. Throws UserError
 * `usage.instances-overlap` for instances that one master cannot serve, `usage.master-values` for values that it would refuse.
 */
export const renderMasterConfig = (...instances: Instances): string => {
  verifyDisjoint(instances);
  return verifyRendered(
    header([
      ...rootNote,
      'db: a PostgreSQL on this host; change user and password to yours.',
      ...versionNote(instances),
    ]) + renderYaml(masterConfig(...instances)),
  );
};
