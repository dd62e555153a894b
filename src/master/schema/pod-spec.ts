// Tested in test/golden/master-verdicts.test.ts
import { any, dropping, each, int, type MapShape, type Shape, string, strings, text } from './shape.ts';

const bool: Shape = { kind: 'bool' };
const labels: Shape = { kind: 'dictionary', of: string };
/** `resource.Quantity` and `intstr.IntOrString` take numbers too. */
const quantity = text;
const quantities: Shape = { kind: 'dictionary', of: quantity };
/** A block or list whose inside is not judged. */
const block: Shape = { kind: 'dictionary', of: any };
const list = (of: Shape): Shape => ({ kind: 'list', of, mayBeEmpty: true });

const kubernetes = (fields: Readonly<Record<string, Shape>>): MapShape =>
  dropping(Object.fromEntries(Object.entries(fields).map(([key, shape]) => [key.toLowerCase(), shape])), {
    isKubernetes: true,
  });

const named = { name: string, optional: bool };
const keyed = kubernetes({ ...named, key: string });

const environment = kubernetes({
  ...each(string, 'name', 'value'),
  valueFrom: kubernetes({
    fieldRef: kubernetes(each(string, 'apiVersion', 'fieldPath')),
    resourceFieldRef: kubernetes({ ...each(string, 'containerName', 'resource'), divisor: quantity }),
    configMapKeyRef: keyed,
    secretKeyRef: keyed,
    fileKeyRef: block,
  }),
});

const users = { ...each(int, 'runAsUser', 'runAsGroup'), runAsNonRoot: bool };
const profiles = each(block, 'seLinuxOptions', 'windowsOptions', 'seccompProfile', 'appArmorProfile');

const containerSecurity = kubernetes({
  ...users,
  ...profiles,
  capabilities: kubernetes(each(strings, 'add', 'drop')),
  ...each(bool, 'privileged', 'readOnlyRootFilesystem', 'allowPrivilegeEscalation'),
  procMount: string,
});

const podSecurity = kubernetes({
  ...users,
  ...profiles,
  fsGroup: int,
  supplementalGroups: list(int),
  ...each(string, 'fsGroupChangePolicy', 'supplementalGroupsPolicy', 'seLinuxChangePolicy'),
  sysctls: list(kubernetes(each(string, 'name', 'value'))),
});

const container = kubernetes({
  ...each(string, 'name', 'image', 'workingDir', 'restartPolicy', 'imagePullPolicy'),
  ...each(string, 'terminationMessagePath', 'terminationMessagePolicy', 'targetContainerName'),
  ...each(strings, 'command', 'args'),
  ...each(bool, 'stdin', 'stdinOnce', 'tty'),
  ...each(block, 'livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle'),
  ports: list(kubernetes({ ...each(int, 'hostPort', 'containerPort'), ...each(string, 'name', 'protocol', 'hostIP') })),
  env: list(environment),
  envFrom: list(kubernetes({ prefix: string, ...each(kubernetes(named), 'configMapRef', 'secretRef') })),
  resources: kubernetes({ ...each(quantities, 'limits', 'requests'), claims: list(block) }),
  ...each(list(block), 'resizePolicy', 'restartPolicyRules'),
  volumeMounts: list(
    kubernetes({
      ...each(string, 'name', 'mountPath', 'subPath', 'subPathExpr', 'mountPropagation', 'recursiveReadOnly'),
      readOnly: bool,
    }),
  ),
  volumeDevices: list(kubernetes(each(string, 'name', 'devicePath'))),
  securityContext: containerSecurity,
});

const files = {
  defaultMode: int,
  optional: bool,
  items: list(kubernetes({ ...each(string, 'key', 'path'), mode: int })),
};

const volume = kubernetes({
  name: string,
  emptyDir: kubernetes({ medium: string, sizeLimit: quantity }),
  hostPath: kubernetes(each(string, 'path', 'type')),
  persistentVolumeClaim: kubernetes({ claimName: string, readOnly: bool }),
  configMap: kubernetes({ name: string, ...files }),
  secret: kubernetes({ secretName: string, ...files }),
  nfs: kubernetes({ ...each(string, 'server', 'path'), readOnly: bool }),
  csi: kubernetes({
    ...each(string, 'driver', 'fsType'),
    readOnly: bool,
    volumeAttributes: labels,
    nodePublishSecretRef: block,
  }),
  ...each(
    block,
    'projected',
    'downwardAPI',
    'ephemeral',
    'image',
    'iscsi',
    'fc',
    'rbd',
    'cephfs',
    'glusterfs',
    'azureDisk',
  ),
  ...each(block, 'azureFile', 'gcePersistentDisk', 'awsElasticBlockStore', 'vsphereVolume', 'flexVolume', 'cinder'),
  ...each(block, 'gitRepo', 'flocker', 'quobyte', 'photonPersistentDisk', 'portworxVolume', 'scaleIO', 'storageos'),
});

const toleration = kubernetes({ ...each(string, 'key', 'operator', 'value', 'effect'), tolerationSeconds: int });

const spec = kubernetes({
  ...each(list(container), 'containers', 'initContainers', 'ephemeralContainers'),
  volumes: list(volume),
  tolerations: list(toleration),
  nodeSelector: labels,
  overhead: quantities,
  securityContext: podSecurity,
  ...each(bool, 'hostNetwork', 'hostPID', 'hostIPC', 'hostUsers', 'shareProcessNamespace', 'setHostnameAsFQDN'),
  ...each(bool, 'enableServiceLinks', 'automountServiceAccountToken'),
  ...each(int, 'priority', 'terminationGracePeriodSeconds', 'activeDeadlineSeconds'),
  ...each(string, 'restartPolicy', 'dnsPolicy', 'serviceAccountName', 'serviceAccount', 'nodeName', 'hostname'),
  ...each(string, 'subdomain', 'schedulerName', 'priorityClassName', 'runtimeClassName', 'preemptionPolicy'),
  hostnameOverride: string,
  imagePullSecrets: list(kubernetes({ name: string })),
  hostAliases: list(kubernetes({ ip: string, hostnames: strings })),
  dnsConfig: kubernetes({
    ...each(strings, 'nameservers', 'searches'),
    options: list(kubernetes(each(string, 'name', 'value'))),
  }),
  ...each(block, 'affinity', 'os', 'resources', 'workloadRef'),
  ...each(list(block), 'readinessGates', 'topologySpreadConstraints', 'schedulingGates', 'resourceClaims'),
});

const metadata = kubernetes({
  ...each(string, 'name', 'generateName', 'namespace', 'selfLink', 'uid', 'resourceVersion'),
  ...each(any, 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'generation'),
  ...each(labels, 'labels', 'annotations'),
  finalizers: strings,
  ...each(list(block), 'ownerReferences', 'managedFields'),
});

/** A pod with the types of its fields (k8s.io/api/core/v1, of Kubernetes 1.34). */
export const podSpec: MapShape = kubernetes({ ...each(string, 'apiVersion', 'kind'), metadata, spec, status: any });
