import { type Kube, KubeError } from '../../lib/kube/client.ts';
import type { PodSecurityLevel } from '../../model/security/pod-security.ts';
import type { ClosedCheck, ClosedOutcome } from './closed.ts';

const hostPathPod = (namespace: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'taskgate-host-path', namespace },
  spec: {
    containers: [{ name: 'c', image: 'none', volumeMounts: [{ name: 'root', mountPath: '/node' }] }],
    volumes: [{ name: 'root', hostPath: { path: '/' } }],
  },
});

/** Whether a namespace admits a pod that mounts the node's files, by a dry run: nothing is created. */
export const tryHostPathPod = async (kube: Kube, namespace: string): Promise<ClosedOutcome> => {
  const startMs = performance.now();
  try {
    await kube.create(hostPathPod(namespace), { dryRun: true });
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    const [evidence] = /violates PodSecurity .*/.exec(error.message) ?? [];
    if (evidence === undefined) return { outcome: 'untried', because: error.message };
    return { outcome: 'closed', evidence, latencyMs: Math.round((performance.now() - startMs) * 10) / 10 };
  }
  return {
    outcome: 'open',
    evidence: 'the API server would create a pod with hostPath /',
    finding: {
      cause: `namespace ${namespace} admits pods that mount the node's files`,
      hint: `has its label been changed? run up again, or: kubectl label namespace ${namespace} pod-security.kubernetes.io/enforce=baseline`,
    },
  };
};

/** A task's pod cannot mount the node's files. */
export const hostPathCheck = (level: PodSecurityLevel): ClosedCheck => ({
  from: `pod (${level})`,
  to: "the node's files",
  attempt: ({ kube, task }) => tryHostPathPod(kube, task.namespace),
});
