import { expect, test } from 'vitest';
import { startServer, trafficOwner } from '../../../../src/commands/chaos/traffic/server.ts';
import { fakeKube } from '../../../fakes/kube.ts';
import { emptyGateway } from '../../../support/proof/fake-cluster.ts';
import { gateway, masterAt } from '../../../support/proof/local-path.ts';

test('an abort while the pod starts leaves nothing of it', async () => {
  const stop = new AbortController();
  const served = ['batch/v1/Job', 'v1/Pod', 'v1/Event', 'v1/ConfigMap', 'v1/Service'];
  const kinds = [...served, 'gateway.networking.k8s.io/v1alpha2/TCPRoute'];
  const made: string[] = [];
  const react = ({ kind }: { readonly kind: string }) => {
    made.push(kind);
    if (kind !== 'Job') return;
    setImmediate(() => stop.abort(new Error('Ctrl-C')));
  };
  const fake = fakeKube({ objects: [emptyGateway], kinds, react });
  const owner = trafficOwner({ instance: 'dev', instanceId: 'abc' });
  const spec = { ...owner, namespace: 'default', image: 'agnhost', master: masterAt(8080), gateway };
  const limits = { timeoutMs: 60_000, signal: stop.signal };
  await expect(startServer(fake.kube, spec, limits)).rejects.toThrow('Ctrl-C');
  expect(made).toContain('Job');
  expect(fake.objects().map(({ kind }) => kind)).toEqual(['Gateway']);
});
