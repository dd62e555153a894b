import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInstance, type Instance } from '../../src/instance/instance.ts';
import { instancePaths } from '../../src/instance/paths.ts';
import type { InstanceRecord } from '../../src/instance/record.ts';

export const adminPassword = 'kR7mmGJq2vWn8TzYxFcd4hPs';

const gatewaySettings = {
  name: 'contour',
  namespace: 'projectcontour',
  className: 'contour',
  listenerLimit: 256,
  portRange: { start: 20000, end: 20199 },
  seedPort: 19999,
};

/** What `up` leaves in the record, by name: two of them can be served by one master. */
const made = (dir: string, name: string, index: number) => ({
  cluster: {
    name,
    provider: 'native' as const,
    kubeconfigPath: join(dir, 'kubeconfig'),
    kubeContext: `taskgate-${name}`,
    nodeName: `taskgate-${name}`,
    nodeAddress: `10.21${index}.255.2`,
    hostAddress: `10.21${index}.255.1`,
  },
  gateway: {
    name: gatewaySettings.name,
    namespace: gatewaySettings.namespace,
    portRange: gatewaySettings.portRange,
    address: `10.21${index}.255.2`,
    capacity: { limit: 200, because: 'range' },
  },
  master: { scheme: 'http' as const, host: `10.21${index}.255.1`, port: 8080, via: 'direct' as const },
  clusterId: `0000000${index}-0000-4000-8000-000000000000`,
  settings: {
    gateway: gatewaySettings,
    master: {
      clusterName: name,
      resourcePool: name,
      taskNamespace: 'default',
      taskImage: 'registry.example/small:1',
      maxSlotsPerPod: 1,
      port: 8080,
    },
  },
});

type More = { readonly index?: number; readonly change?: Partial<InstanceRecord> };

/** An instance as `up` leaves it, but for the cluster itself. */
export const finishedInstance = async (
  stateDir: string,
  name: string,
  { index = 0, change = {} }: More = {},
): Promise<Instance> => {
  const instance = await createInstance(stateDir, { name, provider: 'native', cidr: `10.21${index}.0.0/16` });
  await instance.change({ ...made(instance.dir, name, index), ...change });
  await writeFile(instancePaths(instance.dir).passwordPath, `${adminPassword}\n`, { mode: 0o600 });
  return instance;
};
