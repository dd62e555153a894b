// Tested in test/master/rules/validate.test.ts
import { checkpointStorage } from './checkpoint-storage.ts';
import {
  any,
  dropping,
  each,
  int,
  type MapShape,
  type Reader,
  refusing,
  type Shape,
  string,
  strings,
  text,
  unsure,
} from './shape.ts';
import { taskContainerDefaults } from './task-container-defaults.ts';

// the master refuses unknown fields, except in types with their own UnmarshalJSON: those use json.Unmarshal, which drops them

const optionalText: Shape = { kind: 'text', mayBeEmpty: true };
const optionalString: Shape = { kind: 'string', mayBeEmpty: true };
const secret: Shape = { kind: 'string', isSecret: true };
const optionalSecret: Shape = { kind: 'text', isSecret: true, mayBeEmpty: true };
const number: Shape = { kind: 'number' };
const bool: Shape = { kind: 'bool' };

const gatewayShape: MapShape = dropping(
  {
    ...each(string, 'gateway_name', 'gateway_namespace', 'gateway_ip'),
    ...each(int, 'gateway_port_range_start', 'gateway_port_range_end'),
  },
  { required: ['gateway_name', 'gateway_namespace', 'gateway_ip'], isNeeded: true },
);

const moved = (where: string, { fields }: MapShape): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.keys(fields).map((key) => [key, `move it into ${where}`]));

/** The fields of all resource managers. */
const managerFields: MapShape['fields'] = {
  type: string,
  ...each(optionalString, 'cluster_name', 'name'),
  ...each(string, 'default_aux_resource_pool', 'default_compute_resource_pool'),
  no_default_resource_pools: bool,
  metadata: { kind: 'dictionary', of: string },
};

const kubernetesShape: MapShape = refusing(
  {
    ...managerFields,
    default_namespace: string,
    max_slots_per_pod: int,
    master_service_name: string,
    leave_kubernetes_resources: bool,
    default_scheduler: optionalString,
    slot_type: string,
    slot_resource_requests: dropping({ cpu: number }),
    fluent: any,
    kubeconfig_path: string,
    ...each(string, 'determined_master_scheme', 'determined_master_host', 'determined_master_ip'),
    determined_master_port: int,
    internal_task_gateway: gatewayShape,
  },
  {
    instead: {
      namespace: 'it was renamed: write default_namespace',
      resource_pools: 'move it out of the block, beside resource_manager',
      kubeconfig: 'write kubeconfig_path',
      kubeconfig_secret_name: 'only the Helm chart knows it: write kubeconfig_path',
      kubeconfig_secret_value: 'only the Helm chart knows it: write kubeconfig_path',
      ...moved('an internal_task_gateway block', gatewayShape),
    },
  },
);

/** Agent, Slurm and PBS resource managers have no internal task gateway; their own keys are not judged here. */
const otherManagerShape: MapShape = unsure({
  ...managerFields,
  scheduler: any,
  require_authentication: bool,
  client_ca: optionalString,
});

const pools: Shape = {
  kind: 'list',
  isNeeded: true,
  of: dropping(
    {
      pool_name: string,
      description: optionalString,
      provider: any,
      scheduler: any,
      max_aux_containers_per_agent: int,
      max_cpu_containers_per_agent: int,
      task_container_defaults: taskContainerDefaults,
      agent_reattach_enabled: bool,
      agent_reconnect_wait: any,
    },
    {
      required: ['pool_name'],
      instead: {
        kubernetes_namespace: 'it was removed: bind the workspace to a namespace, or write default_namespace',
      },
    },
  ),
};

const additionalManagers: Shape = {
  kind: 'list',
  mayBeEmpty: true,
  of: refusing(
    { resource_manager: kubernetesShape, resource_pools: pools },
    {
      required: ['resource_manager'],
      instead: moved('a resource_manager block', kubernetesShape),
    },
  ),
};

const security: Shape = refusing({
  default_task: refusing({ uid: int, gid: int, user: text, group: text }),
  tls: refusing({ cert: optionalString, key: optionalString }),
  ssh: unsure({ rsa_key_size: int, key_type: string }),
  authz: unsure({
    ...each(string, 'type', 'fallback'),
    ...each(bool, 'rbac_ui_enabled', 'audit_log_disabled', '_strict_ntsc_enabled', 'strict_job_queue_control'),
    workspace_creator_assign_role: refusing({ enabled: bool, role_id: int }),
  }),
  token: any,
  initial_user_password: secret,
});

/** The rest of the master's top-level keys (config.go, type Config); nothing about them concerns the gateway. */
const otherKeys: MapShape['fields'] = {
  checkpoint_storage: checkpointStorage,
  ...each(any, 'logging', 'retention_policy', '__internal', 'scim', 'saml', 'oidc', 'det_cloud'),
  ...each(any, 'integrations', 'ui_customization', 'scheduler', 'provisioner'),
  config_file: optionalString,
  ...each(int, 'tensorboard_timeout', 'notebook_timeout'),
  ...each(bool, 'enable_cors', 'launch_error'),
  cluster_name: optionalString,
  observability: refusing({ enable_prometheus: bool }),
  webhooks: refusing({ base_url: optionalString, signing_key: { kind: 'string', isSecret: true, mayBeEmpty: true } }),
  feature_switches: strings,
  reserved_ports: { kind: 'list', of: int, mayBeEmpty: true },
};

/**
 * Keys of `master.yaml` and their types, of determined-ai/determined 0.38.1 (master/internal/config). `manager` is the type
 * of the root resource manager.
 */
export const masterShape = (manager: 'kubernetes' | 'other'): MapShape =>
  refusing(
    {
      ...otherKeys,
      log: refusing({ level: text, color: bool }),
      db: refusing({
        ...each(text, 'user', 'host', 'port', 'name'),
        password: optionalSecret,
        ...each(optionalText, 'ssl_mode', 'ssl_root_cert', 'migrations', 'views_and_triggers'),
      }),
      security,
      task_container_defaults: taskContainerDefaults,
      port: int,
      root: text,
      telemetry: refusing({
        ...each(bool, 'enabled', 'otel_enabled'),
        ...each(optionalSecret, 'segment_master_key', 'segment_webui_key'),
        ...each(optionalText, 'otel_endpoint', 'cluster_id'),
      }),
      cache: refusing({ cache_dir: string }),
      resource_manager: manager === 'kubernetes' ? kubernetesShape : otherManagerShape,
      resource_pools: pools,
      additional_resource_managers: additionalManagers,
    },
    { instead: { internal_task_gateway: 'move it into the resource_manager block' } },
  );

/** The master: viper lower-cases keys, encoding/json matches them in any case. */
export const masterReader: Reader = { name: 'the master', ignoresCase: true, takesEmpty: true };
