import { expect, test } from 'vitest';
import { makeCertificates, makeJob, makeRoute, makeService } from '../../../src/proof/sample-task/manifests.ts';
import { nameSampleTask } from '../../../src/proof/sample-task/task.ts';
import { gateway, masterAt } from '../../support/proof/local-path.ts';

const uuid = '0a1b2c3d-157e-4446-9369-eeb241baf27a';
const task = nameSampleTask({ instance: 'dev' }, 'team', uuid);
const A = `taskgate-${uuid}.1`;
const J = `det-taskgate-cmd-${uuid}`;
const exposure = { protocol: 'http', podPort: 8080, listenerPort: 20000, name: `${J}-0` } as const;
const own = {
  'app.kubernetes.io/managed-by': 'taskgate',
  'app.kubernetes.io/component': 'sample-task',
  'taskgate.dev/instance': 'dev',
};
const job = (master = masterAt(8080, '10.98.0.1')) => makeJob(task, { image: 'agnhost:1', master });

test('Service and TCPRoute are the master’s, plus labels of our own', () => {
  const metadata = {
    name: `${J}-0`,
    namespace: 'team',
    labels: { determined: A, ...own },
    annotations: { 'determined.ai/job-name': J },
  };
  expect(makeService(task, exposure)).toEqual({
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    spec: { type: 'ClusterIP', ports: [{ port: 8080, protocol: 'TCP' }], selector: { determined: A } },
  });
  expect(makeRoute(task, exposure, gateway)).toEqual({
    apiVersion: 'gateway.networking.k8s.io/v1alpha2',
    kind: 'TCPRoute',
    metadata,
    spec: {
      parentRefs: [{ name: 'contour', namespace: 'projectcontour', port: 20000, sectionName: 'det-20000' }],
      rules: [{ backendRefs: [{ kind: 'Service', name: `${J}-0`, port: 8080 }] }],
    },
  });
});

test('Job and pod carry the master’s labels, and the Job’s shape is the master’s', () => {
  const { metadata, spec } = job();
  expect(metadata.labels).toMatchObject({
    determined: A,
    'determined.ai/allocation_id': A,
    'determined.ai/container_id': A,
    'determined.ai/task_id': `taskgate-${uuid}`,
    'determined.ai/task_type': 'COMMAND',
  });
  expect(spec.template.metadata.labels).toEqual(metadata.labels);
  expect(spec).toMatchObject({ completions: 1, parallelism: 1, backoffLimit: 0, ttlSecondsAfterFinished: 900 });
  expect(spec.template.spec.containers[0]).toMatchObject({
    name: 'determined-container',
    resources: { requests: { cpu: '0' }, limits: { cpu: '0' } },
  });
  expect(spec.template.spec.hostname).toBe(task.secret);
});

test('the pod may do nothing but answer, and ends by itself', () => {
  const { spec } = job();
  expect(spec.activeDeadlineSeconds).toBe(600);
  expect(spec.template.spec).toMatchObject({
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 0,
    securityContext: { runAsNonRoot: true },
  });
  for (const { securityContext } of spec.template.spec.containers) {
    expect(securityContext).toEqual({ allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } });
  }
});

test('the environment is the master’s', () => {
  const environment = job().spec.template.spec.containers[0]?.env ?? [];
  expect(Object.fromEntries(environment.map(({ name, value }) => [name, value]))).toEqual({
    DET_MASTER: 'http://10.98.0.1:8080',
    DET_MASTER_HOST: '10.98.0.1',
    DET_MASTER_ADDR: '10.98.0.1',
    DET_MASTER_PORT: '8080',
    DET_USE_TLS: 'false',
    DET_CLUSTER_ID: 'taskgate',
    DET_TASK_ID: `taskgate-${uuid}`,
    DET_ALLOCATION_ID: A,
    DET_KUBERNETES_JOB_PARALLELISM: '1',
    DET_PROXY_THROUGH_GATEWAY: 'true',
  });
});

test('behind https the pod gets public CAs, otherwise no volume', () => {
  expect(job().spec.template.spec).not.toHaveProperty('volumes');
  const https = job({ ...masterAt(443, 'abc.ngrok.app'), scheme: 'https' }).spec.template.spec;
  expect(https).toMatchObject({ volumes: [{ name: 'ca', configMap: { name: J } }] });
  expect(https.containers[0]).toMatchObject({ volumeMounts: [{ name: 'ca', mountPath: '/run/taskgate' }] });
  expect(https.containers[0]?.env).toContainEqual({ name: 'SSL_CERT_FILE', value: '/run/taskgate/ca.pem' });
  expect(makeCertificates(task).data['ca.pem']).toContain('BEGIN CERTIFICATE');
});
