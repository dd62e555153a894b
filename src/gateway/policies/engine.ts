import { setTimeout as pause } from 'node:timers/promises';
import type { Kube } from '../../lib/kube/client.ts';
import type { KubeObject, ObjectRef } from '../../lib/kube/types.ts';
import { type InstanceIdentity, labelsOf } from '../../model/labels.ts';

export type EngineSpec = InstanceIdentity & {
  /** kube-router. */
  readonly image: string;
  /** Range of the cluster's Services. */
  readonly serviceCidr: string;
};

const namespace = 'kube-system';
const component = 'policy-engine';
const nameOf = (instance: string): string => `taskgate-${instance}-policies`;

/** kube-router opens all its watches at its start, whatever it is told to run. It writes no object. */
const readRules = [
  {
    apiGroups: [''],
    resources: ['namespaces', 'pods', 'services', 'endpoints', 'nodes'],
    verbs: ['get', 'list', 'watch'],
  },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['get', 'list', 'watch'] },
  { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs: ['get', 'list', 'watch'] },
];

const podOf = ({ instance, image, serviceCidr }: EngineSpec) => ({
  serviceAccountName: nameOf(instance),
  hostNetwork: true,
  priorityClassName: 'system-node-critical',
  tolerations: [{ operator: 'Exists' }],
  containers: [
    {
      name: 'kube-router',
      image,
      imagePullPolicy: 'IfNotPresent',
      args: [
        '--run-firewall=true',
        '--run-router=false',
        '--run-service-proxy=false',
        `--service-cluster-ip-range=${serviceCidr}`,
        '--iptables-sync-period=1m',
        '--health-port=0',
      ],
      env: [{ name: 'NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }],
      resources: { requests: { cpu: '10m', memory: '50Mi' } },
      securityContext: {
        runAsUser: 0,
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'], add: ['NET_ADMIN', 'NET_RAW'] },
        seccompProfile: { type: 'RuntimeDefault' },
      },
      volumeMounts: [{ name: 'xtables-lock', mountPath: '/run/xtables.lock' }],
    },
  ],
  volumes: [{ name: 'xtables-lock', hostPath: { path: '/run/xtables.lock', type: 'FileOrCreate' } }],
});

/** The engine as a DaemonSet: read-only rights in the cluster, and on the node those to change its packet filter. */
export const engineObjects = (spec: EngineSpec): readonly KubeObject[] => {
  const name = nameOf(spec.instance);
  const labels = labelsOf(spec, component);
  const rbac = 'rbac.authorization.k8s.io';
  const roleRef = { apiGroup: rbac, kind: 'ClusterRole', name };
  const subjects = [{ kind: 'ServiceAccount', name, namespace }];
  const clusterWide = { name, labels };
  const placed = { ...clusterWide, namespace };
  const daemonSet = {
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: podOf(spec) },
  };
  const objects: readonly (KubeObject & Readonly<Record<string, unknown>>)[] = [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: placed },
    { apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata: clusterWide, rules: readRules },
    { apiVersion: `${rbac}/v1`, kind: 'ClusterRoleBinding', metadata: clusterWide, roleRef, subjects },
    { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: placed, spec: daemonSet },
  ];
  return objects;
};

/** Starts the engine, or changes it. Its pod may still be pending when this returns. */
export const applyEngine = async (kube: Kube, spec: EngineSpec): Promise<void> => {
  for (const object of engineObjects(spec)) await kube.apply(object);
};

/** The engine rewrites the node's rules within a second of a change; what it wrote stays after its end. */
const lastSyncMs = 2_000;

/** Removes the engine where there is one, after it has seen that the policies are gone. */
export const removeEngine = async (kube: Kube, instance: string, syncMs = lastSyncMs): Promise<boolean> => {
  const refs: readonly ObjectRef[] = engineObjects({ instance, image: '', serviceCidr: '' }).toReversed();
  const [daemonSet] = refs;
  if (!daemonSet || !(await kube.find(daemonSet))) return false;
  await pause(syncMs);
  for (const ref of refs) await kube.remove(ref);
  return true;
};
