import { UserError } from '../../lib/errors.ts';
import { isFields, itemsOf, parseJson } from '../../lib/json.ts';

/** The fields of Minikube's profile configuration that taskgate uses. */
export type ProfileConfig = {
  readonly Driver: string;
  readonly CPUs: number;
  /** In MB. */
  readonly Memory: number;
  readonly KubernetesConfig: {
    readonly KubernetesVersion: string;
    readonly ContainerRuntime: string;
    readonly ServiceCIDR: string;
  };
  /** What `--ports` of the first start said. */
  readonly ExposedPorts?: readonly string[] | null;
  readonly Nodes: readonly { readonly IP: string; readonly Port: number; readonly ControlPlane: boolean }[];
};

/**
 * `degraded`: its machine runs, Kubernetes does not. `no-machine`: its container or VM does not exist.
 * `corrupted`: minikube cannot read its configuration.
 */
export type ProfileState =
  | { readonly state: 'missing' | 'corrupted' }
  | {
      readonly state: 'running' | 'paused' | 'degraded' | 'stopped' | 'no-machine';
      readonly config: ProfileConfig;
      /** Whether the instance's kubeconfig has its current endpoint. */
      readonly isReachable: boolean;
    };

const isConfig = (value: unknown): boolean =>
  isFields(value) &&
  [value.Driver, value.CPUs, value.Memory].every((one) => typeof one === 'string' || typeof one === 'number') &&
  isFields(value.KubernetesConfig) &&
  Array.isArray(value.Nodes) &&
  value.Nodes.every((node) => isFields(node) && typeof node.IP === 'string');

/** `null` means that there is no machine; in states that minikube does not handle, the output is not JSON. */
const judgeStatus = (text: string) => {
  const value = parseJson(text);
  // of several nodes the first is the control plane
  const status: unknown = Array.isArray(value) ? value[0] : value;
  if (status === null) return { state: 'no-machine', isReachable: false } as const;
  if (!isFields(status) || typeof status.Host !== 'string') return { state: 'degraded', isReachable: false } as const;
  const { Host, Kubelet, APIServer, Kubeconfig } = status;
  const isReachable = Kubeconfig === 'Configured';
  if (Host === 'Nonexistent') return { state: 'no-machine', isReachable } as const;
  if (Host !== 'Running') return { state: 'stopped', isReachable } as const;
  if (APIServer === 'Paused') return { state: 'paused', isReachable } as const;
  const isRunning = Kubelet === 'Running' && APIServer === 'Running';
  return { state: isRunning ? 'running' : 'degraded', isReachable } as const;
};

const brokenMinikube = (text: string): UserError =>
  new UserError(`minikube profile list prints ${JSON.stringify(text.slice(0, 80))}, which is no JSON object`, {
    id: 'environment.minikube-broken',
    hint: 'see the output of: minikube profile list --output=json; reinstall it, or use --provider native',
  });

/** Reads the JSON of `profile list` and `status`; their exit codes add nothing to it. */
export const parseProfile = (profile: string, listText: string, statusText: string): ProfileState => {
  const list = parseJson(listText);
  if (!isFields(list)) throw brokenMinikube(listText);
  const find = (profiles: unknown) =>
    itemsOf(profiles)
      .filter(isFields)
      .find(({ Name }) => Name === profile);
  const valid = find(list.valid);
  if (valid && isConfig(valid.Config)) return { ...judgeStatus(statusText), config: valid.Config as ProfileConfig };
  return { state: valid || find(list.invalid) ? 'corrupted' : 'missing' };
};
