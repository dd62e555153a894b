// Tested in test/golden/master-verdicts.test.ts
import { podSpec } from './pod-spec.ts';
import { any, dropping, each, int, type MapShape, type Shape, string, strings } from './shape.ts';

const bool: Shape = { kind: 'bool' };
const secret: Shape = { kind: 'string', isSecret: true };
const list = (of: Shape): Shape => ({ kind: 'list', of, mayBeEmpty: true });

const environmentVariables: Shape = {
  kind: 'either',
  options: [
    strings,
    dropping(each(strings, 'cpu', 'cuda', 'gpu', 'rocm'), {
      otherwise: 'write a list of NAME=VALUE: - HTTP_PROXY=http://...',
    }),
  ],
};

const bindMount = dropping({ ...each(string, 'host_path', 'container_path', 'propagation'), read_only: bool });
const device = dropping(each(string, 'host_path', 'container_path', 'mode'));

/**
 * `task_container_defaults`, of the file and of each resource pool (master/pkg/model/task_container_defaults.go, 0.38.1). The
 * type has its own UnmarshalJSON, which drops unknown keys.
 */
export const taskContainerDefaults: MapShape = dropping({
  ...each(string, 'dtrain_network_interface', 'nccl_port_range', 'gloo_port_range', 'network_mode', 'work_dir'),
  ...each(podSpec, 'cpu_pod_spec', 'gpu_pod_spec', 'checkpoint_gc_pod_spec'),
  ...each({ kind: 'dictionary', of: any }, 'slurm', 'pbs'),
  registry_auth: dropping({
    ...each(string, 'username', 'email', 'serveraddress'),
    ...each(secret, 'password', 'auth', 'identitytoken', 'registrytoken'),
  }),
  environment_variables: environmentVariables,
  devices: list({ kind: 'either', options: [string, device] }),
  bind_mounts: list(bindMount),
  log_policies: list({ kind: 'dictionary', of: any }),
  shm_size_bytes: int,
  image: { kind: 'either', options: [string, dropping({ cpu: string, cuda: string, gpu: string, rocm: string })] },
  force_pull_image: bool,
  ...each(strings, 'add_capabilities', 'drop_capabilities'),
  startup_hook: { kind: 'string', isShell: true, mayBeEmpty: true },
  preemption_timeout: int,
  kubernetes: dropping({ max_slots_per_pod: int }),
});
