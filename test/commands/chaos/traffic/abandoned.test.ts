import { hostname } from 'node:os';
import { expect, test } from 'vitest';
import { removeAbandonedTraffic } from '../../../../src/commands/chaos/traffic/abandoned.ts';
import { trafficOwner } from '../../../../src/commands/chaos/traffic/server.ts';
import { withChaosLock } from '../../../../src/instance/lock.ts';
import { gatewayRef } from '../../../../src/model/gateway-api.ts';
import { makeJob } from '../../../../src/proof/sample-task/manifests.ts';
import { ownerAnnotation } from '../../../../src/proof/sample-task/owner.ts';
import { nameSampleTask } from '../../../../src/proof/sample-task/task.ts';
import { fakeKube } from '../../../fakes/kube.ts';
import { gateway, masterAt } from '../../../support/proof/local-path.ts';
import { temporaryDir } from '../../../support/temporary-dir.ts';

const owner = { instance: 'dev', instanceId: 'abc' };
const where = { ...owner, namespace: 'default', gateway };
const deadPid = 2 ** 22 + 1;

/** What a chaos that was killed leaves: a Job, and a listener with its annotation. */
const setUp = async () => {
  const task = nameSampleTask(trafficOwner(owner), 'default');
  const job = makeJob(task, { image: 'agnhost', master: masterAt(8080) });
  const ref = gatewayRef(gateway);
  const live = {
    ...ref,
    metadata: { ...ref.metadata, annotations: { 'determined.ai/det-gateway-port-20000': task.allocationId } },
    spec: { listeners: [{ name: 'det-20000', port: 20_000, protocol: 'TCP' }] },
  };
  const annotations = { [ownerAnnotation]: `${hostname()} ${deadPid}` };
  const kinds = ['v1/ConfigMap', 'v1/Service', 'gateway.networking.k8s.io/v1alpha2/TCPRoute'];
  const fake = fakeKube({ objects: [live, { ...job, metadata: { ...job.metadata, annotations } }], kinds });
  const input = {
    config: { name: 'dev' },
    folders: { stateDir: await temporaryDir() },
    signal: new AbortController().signal,
    env: {},
  };
  return { fake, input, task };
};

test('what a killed chaos has left goes', async () => {
  const { fake, input, task } = await setUp();
  expect(await removeAbandonedTraffic(input, fake.kube, where)).toEqual([
    ...['listener det-20000 and its annotation', `Job ${task.jobName}`],
  ]);
  expect(fake.objects().map(({ kind }) => kind)).toEqual(['Gateway']);
});

test('a chaos that runs keeps its own', async () => {
  const { fake, input } = await setUp();
  expect(await withChaosLock(input, () => removeAbandonedTraffic(input, fake.kube, where))).toEqual([]);
  expect(fake.writes()).toEqual([]);
});
