import { messageOf } from '../../lib/errors.ts';
import { isForbidden, isNotFound, type Kube } from '../../lib/kube/client.ts';
import type { Pod } from '../../lib/kube/shapes.ts';
import type { KubeObject } from '../../lib/kube/types.ts';
import type { Report } from '../../lib/progress.ts';
import { contourName, contourPods, envoyName } from '../../model/contour-names.ts';
import { labelsOf } from '../../model/labels.ts';
import { admissionGroup, type GatewaySpec } from '../spec.ts';

export const policyVersions: readonly string[] = ['v1', 'v1beta1'];

/** Requests per second that Contour may send; with its default of 5, writing the status of 200 routes takes 40 s. */
const apiRate = { qps: 1000, burst: 2000 } as const;
const rateArgument = `--kubernetes-client-qps=${apiRate.qps}`;

/** What a missing MutatingAdmissionPolicy costs (2 cores, Contour 1.33.6; measured in separate runs). */
const slower =
  'at 200 tasks the next one waits about 28 s for its first byte instead of 2 to 5 s, and each start of Envoy takes 6 s longer';
export const unservedNotice = `API server has no MutatingAdmissionPolicy: ${slower}`;

type Policy = { readonly name: string; readonly app: string; readonly mutations: readonly object[] };

const containerPath = (list: 'containers' | 'initContainers', name: string): string =>
  `'/spec/${list}/' + string(object.spec.${list}.map(c, c.name).indexOf('${name}'))`;

const addArgument = (argument: string): string =>
  `JSONPatch{op: 'add', path: ${containerPath('containers', 'contour')} + '/args/-', value: '${argument}'}`;

const jsonPatch = (operations: readonly string[]) => ({
  patchType: 'JSONPatch',
  jsonPatch: { expression: `[${operations.join(', ')}]` },
});

/** Probes every second; `failureThreshold` keeps the total time of upstream's slower probe. */
const probeEachSecond = (container: string, failureThreshold: number) => ({
  patchType: 'ApplyConfiguration',
  applyConfiguration: {
    expression: `Object{spec: Object.spec{containers: [Object.spec.containers{name: '${container}', readinessProbe: Object.spec.containers.readinessProbe{initialDelaySeconds: 0, periodSeconds: 1, failureThreshold: ${failureThreshold}}}]}}`,
  },
});

/**
 * Contour's pods get a higher API rate (and no leader election with one replica: its lease would outlive a crash by 15 s),
 * and both kinds of pods a readiness probe every second. Upstream's periods are 10 s for Contour, 3 s + 4 s for Envoy;
 * ContourDeployment has no field for these or the rate, and the provisioner reverts changes to its Deployment.
 */
const policiesOf = (spec: GatewaySpec): readonly Policy[] => [
  {
    name: `taskgate-${spec.instance}-contour`,
    app: contourName(spec),
    mutations: [
      jsonPatch([
        addArgument(rateArgument),
        addArgument(`--kubernetes-client-burst=${apiRate.burst}`),
        ...((spec.contourReplicas ?? 1) === 1 ? [addArgument('--disable-leader-election')] : []),
      ]),
      probeEachSecond('contour', 30),
    ],
  },
  { name: `taskgate-${spec.instance}-envoy`, app: envoyName(spec), mutations: [probeEachSecond('envoy', 12)] },
];

/** The admission policies and their bindings. They ignore failures: a slow pod is better than none. */
export const admissionPolicies = (spec: GatewaySpec, version: string): readonly KubeObject[] => {
  const apiVersion = `${admissionGroup}/${version}`;
  const labels = labelsOf(spec);
  return policiesOf(spec).flatMap(({ name, app, mutations }) => {
    const policy = {
      apiVersion,
      kind: 'MutatingAdmissionPolicy',
      metadata: { name, labels },
      spec: {
        matchConstraints: {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': spec.namespace } },
          objectSelector: { matchLabels: { app } },
          resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
        },
        failurePolicy: 'Ignore',
        reinvocationPolicy: 'Never',
        mutations,
      },
    };
    const binding = {
      apiVersion,
      kind: 'MutatingAdmissionPolicyBinding',
      metadata: { name, labels },
      spec: { policyName: name },
    };
    return [policy, binding];
  });
};

const findPolicyVersion = async (kube: Kube): Promise<string | undefined> => {
  for (const version of policyVersions) {
    try {
      await kube.list({ apiVersion: `${admissionGroup}/${version}`, kind: 'MutatingAdmissionPolicy' });
      return version;
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
  return undefined;
};

/** Applies the policies; call it before the pods are created. False, with a notice, if the API server does not serve them, or the user may not. */
export const applyPolicies = async (kube: Kube, spec: GatewaySpec, report?: Report): Promise<boolean> => {
  try {
    const version = await findPolicyVersion(kube);
    if (!version) {
      report?.(unservedNotice);
      return false;
    }
    await Promise.all(admissionPolicies(spec, version).map((object) => kube.apply(object)));
    return true;
  } catch (error) {
    if (!isForbidden(error)) throw error;
    report?.(`the user may not write MutatingAdmissionPolicies (${messageOf(error)}): ${slower}`);
    return false;
  }
};

/** Whether a Contour pod was created before the policy existed. */
export const isRateLimited = ({ spec }: Pod): boolean =>
  !spec?.containers.some(({ args }) => args?.includes(rateArgument));

/** Removes Contour pods created without the policy; their Deployment recreates them. Returns their number. */
export const replaceRateLimitedPods = async (kube: Kube, spec: GatewaySpec, report?: Report): Promise<number> => {
  const pods = await kube.list<Pod>(contourPods(spec));
  const limited = pods.filter((pod) => !pod.metadata.deletionTimestamp && isRateLimited(pod));
  for (const pod of limited) {
    report?.(`restarting ${pod.metadata.name}: it was created before the policy that raises its API rate`);
    await kube.remove(pod);
  }
  return limited.length;
};
