import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { downSteps } from '../../../src/commands/down/steps.ts';
import { makeJob } from '../../../src/proof/sample-task/manifests.ts';
import { nameSampleTask } from '../../../src/proof/sample-task/task.ts';
import { serveKube } from '../../fakes/kube-server.ts';
import { foreignGateway } from '../../support/gateway/foreign.ts';
import { fakeCluster, servedKinds } from '../../support/gateway/installation.ts';
import { masterAt } from '../../support/proof/local-path.ts';
import { begunUp, runInOrder } from '../../support/up-context.ts';

/** A Gateway of somebody else's, with listeners of theirs and of a proof. */
const gatewayWith = (owners: Readonly<Record<number, string>>) => {
  const gateway = foreignGateway('contour');
  const listeners = Object.keys(owners).map((port) => ({ name: `det-${port}`, port: Number(port), protocol: 'TCP' }));
  const annotations = Object.fromEntries(
    Object.entries(owners).map(([port, owner]) => [`determined.ai/det-gateway-port-${port}`, owner]),
  );
  return {
    ...gateway,
    metadata: { ...gateway.metadata, annotations },
    spec: { ...gateway.spec, listeners: [...gateway.spec.listeners, ...listeners] },
  };
};

const attach = { context: 'c', allowContext: 'c', kubeconfigPaths: [] };

/** An attached instance whose proof was killed, and the cluster that it used. */
const killedProof = async () => {
  const { up, instance } = await begunUp({ record: { provider: 'attach', instanceId: 'id-1', attach } });
  const task = nameSampleTask({ instance: 'dev', instanceId: 'id-1' }, up.config.master.taskNamespace);
  const namesake = nameSampleTask({ instance: 'dev', instanceId: 'id-2' }, up.config.master.taskNamespace);
  const owners = { 20000: 'theirs.1', 20001: task.allocationId, 20002: namesake.allocationId };
  const job = makeJob(task, { image: 'agnhost', master: masterAt(8080) });
  const fake = fakeCluster([gatewayWith(owners), { ...job, metadata: { ...job.metadata, annotations: {} } }]);
  const kubeconfigPath = join(instance.dir, 'kubeconfig');
  await writeFile(kubeconfigPath, await serveKube(fake.kube, servedKinds));
  const place = { nodeName: 'n', nodeAddress: '127.0.0.1', hostAddress: '127.0.0.1' };
  await instance.change({ cluster: { name: 'dev', provider: 'attach', kubeconfigPath, kubeContext: 'c', ...place } });
  await writeFile(join(instance.dir, 'before.json'), JSON.stringify({ cluster: 'uid-1', crds: [], existed: [] }));
  const listenersOf = async () => {
    const { spec, metadata } = await fake.kube.get<ReturnType<typeof gatewayWith>>(foreignGateway('contour'));
    return [...spec.listeners.map(({ name }) => name), ...Object.values(metadata.annotations)];
  };
  return { up, fake, listenersOf, namesake };
};

test("what a killed proof has put on somebody else's Gateway goes, and what others have there stays", async () => {
  const { up, fake, listenersOf, namesake } = await killedProof();
  await runInOrder({ ...up, purgeCache: false, force: false }, downSteps);
  expect(await listenersOf()).toEqual(['web', 'det-20000', 'det-20002', 'theirs.1', namesake.allocationId]);
  expect(fake.objects().filter(({ kind }) => kind === 'Job')).toEqual([]);
});
