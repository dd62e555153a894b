import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lookAtGateway } from '../../../src/commands/status/cluster.ts';
import { findStatus, listStatus } from '../../../src/commands/status/look.ts';
import { createInstance } from '../../../src/instance/instance.ts';
import { fakeKube } from '../../fakes/kube.ts';
import { commandContext, instanceRecord } from '../../support/context.ts';
import { gatewaysCRD, messages, tcpRoutesCRD } from '../../support/gateway/fixture.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

const kinds = [
  'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy',
  'apps/v1/Deployment',
  'gateway.networking.k8s.io/v1/Gateway',
  'gateway.networking.k8s.io/v1/GatewayClass',
  'v1/Event',
  'v1/Pod',
];

const makeContext = async () => {
  const home = await temporaryDir();
  const folders = { stateDir: join(home, 'state'), cacheDir: join(home, 'cache') };
  const begin = (name: string) => createInstance(folders.stateDir, { name, provider: 'native', cidr: '10.210.0.0/16' });
  return { context: commandContext({ folders }), begin };
};

/** What drift is found on a cluster whose CRD has this limit. */
const findDrift = async (limit: number, madeWith?: number) => {
  const { context } = await makeContext();
  const { gateway } = context.config;
  const settings = madeWith === undefined ? {} : { settings: { gateway: { ...gateway, listenerLimit: madeWith } } };
  const crd = gatewaysCRD({ limit, rules: [messages.tls] });
  const { kube } = fakeKube({ objects: [crd, tcpRoutesCRD()], kinds });
  const { problems } = await lookAtGateway(kube, context.config, instanceRecord(settings));
  return problems.filter(({ id }) => id === 'gateway.limit-drift');
};

test('an instance is compared with what it was made with, not with the settings of today', async () => {
  expect(await findDrift(300, 300)).toEqual([]);
});

test('one that does not tell is compared with the settings of today', async () => {
  const { listenerLimit } = (await makeContext()).context.config.gateway;
  expect(await findDrift(listenerLimit)).toEqual([]);
  expect(await findDrift(listenerLimit - 1)).toHaveLength(1);
});

test('the way out of drift is a plain `up`: the instance keeps what it was made with', async () => {
  expect(await findDrift(64, 300)).toMatchObject([
    {
      message: expect.stringContaining('should be 300 but is: v1 spec 64'),
      hint: 'applying an upstream file with `kubectl apply` lowers it; run: taskgate up --name dev',
    },
  ]);
});

test('a Gateway that was deleted is one problem, whatever went with it', async () => {
  const { context } = await makeContext();
  const { listenerLimit } = context.config.gateway;
  const { kube } = fakeKube({ objects: [gatewaysCRD({ limit: listenerLimit, rules: [] }), tcpRoutesCRD()], kinds });
  const { problems } = await lookAtGateway(kube, context.config, instanceRecord({}));
  const ofGateway = problems.filter(({ message }) =>
    /Gateway (projectcontour|contour)|contour-contour|Envoy/.test(message),
  );
  expect(ofGateway).toEqual([
    {
      id: 'gateway.not-programmed',
      message: 'Gateway projectcontour/contour is missing: something deleted it',
      hint: 'run: taskgate up --name dev; it creates the Gateway again, without the listeners of tasks that run',
    },
  ]);
});

test('an instance whose supervisor is not running is started again as it was made', async () => {
  const { context, begin } = await makeContext();
  const instance = await begin('dev');
  await instance.journal({ kind: 'link', name: 'tg0' });
  await instance.change({ settings: { gateway: { ...context.config.gateway, listenerLimit: 300 } } });
  expect(await findStatus(context)).toMatchObject({
    state: 'stopped',
    problems: [{ id: 'cluster.stopped', hint: 'run: taskgate up --name dev' }],
  });
});

test('a tunnel is told of also where the cluster does not run', async () => {
  const { context, begin } = await makeContext();
  const instance = await begin('dev');
  await instance.journal({ kind: 'tunnels', process: { pid: 1, startTicks: 1, bootId: 'another' } });
  expect(await findStatus(context)).toMatchObject({
    exposed: [],
    problems: [{ id: 'cluster.stopped' }, { id: 'tunnel.stopped', hint: 'run: taskgate up --name dev' }],
  });
});

test('a damaged record is the problem of its instance alone', async () => {
  const { context, begin } = await makeContext();
  const { dir } = await begin('broken');
  await writeFile(join(dir, 'instance.json'), '{');
  await begin('dev');
  expect(await listStatus(context)).toMatchObject([
    { name: 'broken', state: 'unknown', problems: [{ message: expect.stringContaining(`${dir}/instance.json`) }] },
    { name: 'dev', state: 'absent', problems: [{ id: 'cluster.stopped' }] },
  ]);
});

test('without any instance there is nothing to list', async () => {
  expect(await listStatus((await makeContext()).context)).toEqual([]);
});
