// Tested in test/master/rules/validate.test.ts
import type { MapShape, Reader, Shape } from './shape.ts';

const text: Shape = { kind: 'text' };
const optionalText: Shape = { kind: 'text', mayBeEmpty: true };
const string: Shape = { kind: 'string' };
const optionalString: Shape = { kind: 'string', mayBeEmpty: true };
const secret: Shape = { kind: 'string', isSecret: true };
const optionalSecret: Shape = { kind: 'text', isSecret: true, mayBeEmpty: true };
const int: Shape = { kind: 'int' };
const number: Shape = { kind: 'number' };
const bool: Shape = { kind: 'bool' };
const any: Shape = { kind: 'any' };
const strings: Shape = { kind: 'list', of: string, mayBeEmpty: true };

/** The master refuses unknown fields, except in types with their own UnmarshalJSON. */
const refusing = (fields: Readonly<Record<string, Shape>>, more?: Partial<MapShape>): MapShape => ({
  kind: 'map',
  unknown: 'refused',
  fields,
  ...more,
});

/** Those types use plain json.Unmarshal, which drops unknown fields. */
const dropping = (fields: Readonly<Record<string, Shape>>, more?: Partial<MapShape>): MapShape => ({
  ...refusing(fields, more),
  unknown: 'dropped',
});

const unsure = (fields: Readonly<Record<string, Shape>>): MapShape => ({ ...refusing(fields), unknown: 'unsure' });

const gatewayShape: MapShape = dropping(
  {
    gateway_name: string,
    gateway_namespace: string,
    gateway_ip: string,
    gateway_port_range_start: int,
    gateway_port_range_end: int,
  },
  { required: ['gateway_name', 'gateway_namespace', 'gateway_ip'] },
);

const kubernetesShape: MapShape = refusing(
  {
    type: string,
    cluster_name: optionalString,
    name: optionalString,
    default_namespace: string,
    max_slots_per_pod: int,
    master_service_name: string,
    leave_kubernetes_resources: bool,
    default_scheduler: optionalString,
    slot_type: string,
    slot_resource_requests: dropping({ cpu: number }),
    fluent: any,
    kubeconfig_path: string,
    determined_master_scheme: string,
    determined_master_host: string,
    determined_master_ip: string,
    determined_master_port: int,
    default_aux_resource_pool: string,
    default_compute_resource_pool: string,
    no_default_resource_pools: bool,
    internal_task_gateway: gatewayShape,
    metadata: { kind: 'dictionary', of: string },
  },
  {
    instead: {
      namespace: 'it was renamed: write default_namespace',
      resource_pools: 'move it out of the block, beside resource_manager',
      kubeconfig: 'write kubeconfig_path',
      kubeconfig_secret_name: 'only the Helm chart knows it: write kubeconfig_path',
      kubeconfig_secret_value: 'only the Helm chart knows it: write kubeconfig_path',
      ...Object.fromEntries(
        Object.keys(gatewayShape.fields).map((key) => [key, 'move it into an internal_task_gateway block']),
      ),
    },
  },
);

/** Agent, Slurm and PBS resource managers have no internal task gateway; their own keys are not judged here. */
const otherManagerShape: MapShape = unsure({
  type: string,
  cluster_name: optionalString,
  name: optionalString,
  metadata: { kind: 'dictionary', of: string },
  scheduler: any,
  default_aux_resource_pool: string,
  default_compute_resource_pool: string,
  no_default_resource_pools: bool,
  require_authentication: bool,
  client_ca: optionalString,
});

const taskContainerDefaults: MapShape = dropping({
  ...Object.fromEntries(
    ['dtrain_network_interface', 'nccl_port_range', 'gloo_port_range', 'network_mode', 'work_dir'].map((key) => [
      key,
      string,
    ]),
  ),
  shm_size_bytes: int,
  cpu_pod_spec: any,
  gpu_pod_spec: any,
  checkpoint_gc_pod_spec: any,
  image: { kind: 'either', options: [string, dropping({ cpu: string, cuda: string, gpu: string, rocm: string })] },
  registry_auth: any,
  force_pull_image: bool,
  environment_variables: any,
  add_capabilities: strings,
  drop_capabilities: strings,
  devices: any,
  bind_mounts: any,
  slurm: any,
  pbs: any,
  startup_hook: { kind: 'string', isShell: true, mayBeEmpty: true },
  log_policies: any,
  preemption_timeout: int,
  kubernetes: dropping({ max_slots_per_pod: int }),
});

const pools: Shape = {
  kind: 'list',
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
      instead: Object.fromEntries(
        Object.keys(kubernetesShape.fields).map((key) => [key, 'move it into a resource_manager block']),
      ),
    },
  ),
};

const security: Shape = refusing({
  default_task: refusing({ uid: int, gid: int, user: text, group: text }),
  tls: refusing({ cert: optionalString, key: optionalString }),
  ssh: unsure({ rsa_key_size: int, key_type: string }),
  authz: unsure({
    type: string,
    fallback: string,
    rbac_ui_enabled: bool,
    audit_log_disabled: bool,
    _strict_ntsc_enabled: bool,
    workspace_creator_assign_role: refusing({ enabled: bool, role_id: int }),
    strict_job_queue_control: bool,
  }),
  token: any,
  initial_user_password: secret,
});

const subtrees = [
  'checkpoint_storage',
  'logging',
  'retention_policy',
  '__internal',
  'scim',
  'saml',
  'oidc',
  'det_cloud',
];

/** The rest of the master's top-level keys (config.go, type Config); nothing about them concerns the gateway. */
const otherKeys: Readonly<Record<string, Shape>> = {
  ...Object.fromEntries(
    [...subtrees, 'integrations', 'ui_customization', 'scheduler', 'provisioner'].map((key) => [key, any]),
  ),
  config_file: optionalString,
  tensorboard_timeout: int,
  notebook_timeout: int,
  enable_cors: bool,
  launch_error: bool,
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
        user: text,
        password: optionalSecret,
        host: text,
        port: text,
        name: text,
        ssl_mode: optionalText,
        ssl_root_cert: optionalText,
        migrations: optionalText,
        views_and_triggers: optionalText,
      }),
      security,
      task_container_defaults: taskContainerDefaults,
      port: int,
      root: text,
      telemetry: refusing({
        enabled: bool,
        segment_master_key: optionalSecret,
        segment_webui_key: optionalSecret,
        otel_enabled: bool,
        otel_endpoint: optionalText,
        cluster_id: optionalText,
      }),
      cache: refusing({ cache_dir: string }),
      resource_manager: manager === 'kubernetes' ? kubernetesShape : otherManagerShape,
      resource_pools: pools,
      additional_resource_managers: additionalManagers,
    },
    { instead: { internal_task_gateway: 'move it into the resource_manager block' } },
  );

/** The master: viper lower-cases keys, encoding/json matches them in any case. */
export const masterReader: Reader = { name: 'the master', ignoresCase: true };
