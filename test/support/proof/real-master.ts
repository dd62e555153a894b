import { createServer } from 'node:http';
import type { Kube } from '../../../src/lib/kube/client.ts';
import type { KubeObject } from '../../../src/lib/kube/types.ts';
import { gatewayRef } from '../../../src/model/gateway-api.ts';
import { proveThroughMaster, type RealMasterSpec } from '../../../src/proof/real-master/real-master.ts';
import { type StandInOptions, startMasterStandIn } from '../../fakes/determined/master.ts';
import type { Misbehaviour } from '../../fakes/determined/misbehaviour.ts';
import { type FakeKubeInput, fakeKube } from '../../fakes/kube.ts';
import { gateway as anyGateway, freePort, listening } from './local-path.ts';
import { readyPod } from './path.ts';

export const seed = { name: 'seed', port: 19999, protocol: 'TCP' };
const kinds = [
  ...[
    'v1/ConfigMap',
    'v1/Service',
    'v1/Pod',
    'v1/Event',
    'v1/Node',
    'batch/v1/Job',
    'discovery.k8s.io/v1/EndpointSlice',
  ],
  'gateway.networking.k8s.io/v1alpha2/TCPRoute',
  'scheduling.k8s.io/v1/PriorityClass',
];

type Job = KubeObject & { readonly spec: { readonly template: { readonly spec: { readonly hostname: string } } } };

/** A cluster in which a Job has a ready pod at once, and no longer than itself; `nonce` is what that pod must answer. */
export const cluster = (input: FakeKubeInput = {}, { detMaster = 'http://10.0.0.1:8080', status = {} } = {}) => {
  let nonce = '';
  const fake = fakeKube({
    objects: [{ ...gatewayRef(anyGateway), spec: { listeners: [seed] } } as KubeObject],
    kinds,
    react: (object, { put }) => {
      if (object.kind !== 'Job') return;
      nonce = (object as Job).spec.template.spec.hostname;
      const pod = {
        ...readyPod('task-1'),
        metadata: { name: 'task-1', namespace: object.metadata.namespace, labels: object.metadata.labels },
      };
      put({
        ...pod,
        status: { ...pod.status, ...status },
        spec: { containers: [{ env: [{ name: 'DET_MASTER', value: detMaster }] }] },
      } as KubeObject);
    },
    ...input,
  });
  const remove: Kube['remove'] = async (ref, options) => {
    if (ref.kind === 'Job') fake.drop(readyPod('task-1'));
    return fake.kube.remove(ref, options);
  };
  return { ...fake, kube: { ...fake.kube, remove }, nonce: () => nonce };
};

type Fake = ReturnType<typeof cluster>;
export const leftOf = (fake: Fake) =>
  fake
    .objects()
    .filter(({ kind }) => kind !== 'Gateway')
    .map(({ kind }) => kind);
export const gatewayOf = (fake: Fake) => fake.objects().find(({ kind }) => kind === 'Gateway');

/** The task's HTTP side, where the listener's port is: this machine. */
export const localTask = (fake: Fake) => listening(createServer((_, response) => response.end(fake.nonce())));

export const scene = async (fake: Fake, listenerPort: number, change: Partial<StandInOptions> = {}) => {
  const gateway = { ...anyGateway, portRange: { start: listenerPort, end: listenerPort } };
  const master = await startMasterStandIn({
    ...{ kube: fake.kube, gateway, namespace: 'default', image: 'agnhost', username: 'admin', password: 'secret' },
    ...{ master: { scheme: 'http', host: '127.0.0.1', port: 1 }, listen: { host: '127.0.0.1', port: 0 } },
    ...change,
  });
  const prove = (spec: Partial<RealMasterSpec> = {}) =>
    proveThroughMaster(
      {
        ...{ url: master.url, username: 'admin', password: 'secret', gateway, namespace: 'default' },
        ...{ timeoutMs: 10_000, answerTimeoutMs: 300, endTimeoutMs: 10_000, pauseMs: 10, ...spec },
      },
      fake,
    );
  return { prove, url: master.url, logins: master.logins, [Symbol.asyncDispose]: () => master[Symbol.asyncDispose]() };
};

export const brokenOf = ({ hops }: Awaited<ReturnType<typeof proveThroughMaster>>) => hops.find(({ ok }) => !ok);

/** One thing broken at a time; a wait to the deadlines would take a minute. */
export const findBroken = async (
  fake: Fake,
  misbehaviour: Misbehaviour,
  { spec, port, change }: { spec?: Partial<RealMasterSpec>; port?: number; change?: Partial<StandInOptions> } = {},
) => {
  await using at = await scene(fake, port ?? (await freePort()), { misbehaviour, ...change });
  const proven = await at.prove({ timeoutMs: 60_000, answerTimeoutMs: 60_000, ...spec });
  return { ...brokenOf(proven), hops: proven.hops, cleanup: proven.cleanup };
};
