import { renderYaml } from '../../../src/lib/template.ts';
import { validateMasterConfig } from '../../../src/master/rules/validate.ts';
import type { Problem } from '../../../src/master/schema/problem.ts';
import { masterConfig } from '../../../src/master/write/config.ts';
import type { MasterValues } from '../../../src/master/write/values.ts';

export const sampleValues: MasterValues = {
  gateway: {
    name: 'contour',
    namespace: 'projectcontour',
    address: '192.168.49.2',
    portRange: { start: 20000, end: 20199 },
    capacity: { limit: 212, because: 'listeners.maxItems is 213' },
  },
  master: { scheme: 'http', host: '10.0.2.2', port: 8080, via: 'direct' },
  kubeconfigPath: '/home/me/.local/state/taskgate/dev/kubeconfig',
  adminPassword: 'kR7mmGJq2vWn8TzYxFcd4hPs',
  instance: 'dev',
  clusterName: 'dev',
  resourcePool: 'default',
  taskNamespace: 'default',
  taskImage: 'registry.example/small:1',
  maxSlotsPerPod: 1,
  listenPort: 8080,
  cacheDir: '/home/me/.cache/taskgate/master',
  root: '/home/me/determined/tools/build',
};

/** An instance on another cluster, with another task image. */
export const secondValues: MasterValues = {
  ...sampleValues,
  instance: 'second',
  clusterName: 'second',
  resourcePool: 'second',
  taskNamespace: 'team',
  taskImage: 'registry.example/other:1',
  kubeconfigPath: '/home/me/.local/state/taskgate/second/kubeconfig',
  gateway: { ...sampleValues.gateway, address: '192.168.58.2' },
  master: { scheme: 'http', host: '10.0.3.2', port: 8080, via: 'direct' },
};

type Tree = Record<string, unknown>;
const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null;

/** Applies changes by dotted path (list items by index) to a copy; undefined removes the key. */
export const changed = (value: unknown, changes: Readonly<Record<string, unknown>>): unknown => {
  const copy: unknown = structuredClone(value);
  for (const [path, wanted] of Object.entries(changes)) {
    const keys = path.split('.');
    const last = keys.pop() ?? '';
    let parent = copy;
    for (const key of keys) {
      if (!isTree(parent)) throw new Error(`no ${key} in ${path}`);
      parent[key] ??= {};
      parent = parent[key];
    }
    if (!isTree(parent)) throw new Error(`no parent of ${path}`);
    if (wanted === undefined) delete parent[last];
    else parent[last] = wanted;
  }
  return copy;
};

/** A good configuration with some keys changed, as text. */
export const masterText = (changes: Readonly<Record<string, unknown>> = {}): string =>
  renderYaml(changed(masterConfig(sampleValues), changes));

/** `severity path: message`, for comparing. */
export const problemTexts = (problems: readonly Problem[]): readonly string[] =>
  problems.map(({ severity, path, message }) => `${severity} ${path}: ${message}`);

export const judge = (changes: Readonly<Record<string, unknown>>): readonly string[] =>
  problemTexts(validateMasterConfig(masterText(changes)));

export const errorsOf = (text: string): readonly Problem[] =>
  validateMasterConfig(text).filter(({ severity }) => severity === 'error');

/** Another resource manager with all that it needs. */
export const additional = (changes: Readonly<Record<string, unknown>> = {}): unknown =>
  changed(
    {
      resource_manager: {
        type: 'kubernetes',
        cluster_name: 'second',
        default_namespace: 'team',
        max_slots_per_pod: 1,
        kubeconfig_path: '/home/me/second.kubeconfig',
        determined_master_scheme: 'http',
        determined_master_host: '10.0.2.2',
        determined_master_port: 8080,
        internal_task_gateway: {
          gateway_name: 'contour',
          gateway_namespace: 'projectcontour',
          gateway_ip: '192.168.58.2',
          gateway_port_range_start: 20000,
          gateway_port_range_end: 20199,
        },
      },
      resource_pools: [{ pool_name: 'second' }],
    },
    changes,
  );

/** Every dotted path of a tree, inner ones too. */
export const pathsOf = (value: unknown, prefix = ''): readonly string[] =>
  isTree(value)
    ? Object.entries(value).flatMap(([key, inner]) => [`${prefix}${key}`, ...pathsOf(inner, `${prefix}${key}.`)])
    : [];
