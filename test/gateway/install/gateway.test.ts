import { expect, test } from 'vitest';
import { applyGateway } from '../../../src/gateway/install/gateway.ts';
import { refusal } from '../../fakes/kube.ts';
import { contourCluster } from '../../support/gateway/contour-cluster.ts';
import { spec } from '../../support/gateway/fixture.ts';

const labels = { 'app.kubernetes.io/managed-by': 'taskgate', 'taskgate.dev/instance': 'dev' };
const at = { name: 'tasks', namespace: 'projectcontour', labels };

test.each([
  ['one Contour, unless more are wanted', spec, 1],
  ['as many as are wanted', { ...spec, contourReplicas: 2 }, 2],
])('what is written for a Gateway, with %s', async (_, wanted, replicas) => {
  const sent: unknown[] = [];
  const { kube } = contourCluster({
    react: () => undefined,
    refuse: (call, object) => {
      if (call.startsWith('apply')) sent.push(object);
      return undefined;
    },
  });
  await applyGateway(kube, wanted);
  const parametersRef = {
    group: 'projectcontour.io',
    kind: 'ContourDeployment',
    name: 'tasks',
    namespace: 'projectcontour',
  };
  expect(sent.slice(-3)).toEqual([
    {
      apiVersion: 'projectcontour.io/v1alpha1',
      kind: 'ContourDeployment',
      metadata: at,
      spec: {
        contour: { deployment: { replicas } },
        envoy: { networkPublishing: { type: 'LoadBalancerService', externalTrafficPolicy: 'Cluster' } },
      },
    },
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'GatewayClass',
      metadata: { name: 'taskgate', labels },
      spec: { controllerName: 'projectcontour.io/gateway-controller', parametersRef },
    },
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      metadata: at,
      spec: {
        gatewayClassName: 'taskgate',
        // nothing else: the other listeners are the master's
        listeners: [
          { name: 'taskgate-seed', port: 19999, protocol: 'TCP', allowedRoutes: { namespaces: { from: 'All' } } },
        ],
      },
    },
  ]);
});

/** A cluster that answers so to the first requests for a GatewayClass. */
const refusing = (times: number, error: Error) => {
  let left = times;
  return contourCluster({
    refuse: (call) => (call === 'apply GatewayClass taskgate' && left-- > 0 ? error : undefined),
  });
};
const unserved = refusal(404, 'NotFound', 'the server could not find the requested resource');

test('a kind that is not served yet is tried again', async () => {
  const { kube, calls } = refusing(2, unserved);
  await applyGateway(kube, spec);
  expect(calls.filter((call) => call === 'apply GatewayClass taskgate')).toHaveLength(3);
});

test('another refusal is not', async () => {
  const { kube, calls } = refusing(2, refusal(403, 'Forbidden', 'gatewayclasses is forbidden'));
  await expect(applyGateway(kube, spec)).rejects.toThrow('gatewayclasses is forbidden');
  expect(calls.filter((call) => call === 'apply GatewayClass taskgate')).toHaveLength(1);
});

test('an interrupt ends the attempts', async () => {
  const { kube } = refusing(1_000, unserved);
  const stop = new AbortController();
  const applying = applyGateway(kube, spec, stop.signal);
  stop.abort(new Error('interrupted'));
  await expect(applying).rejects.toMatchObject({ name: 'AbortError' });
});
