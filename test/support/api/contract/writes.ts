import { leastObjects, leastOf } from '../objects.ts';
import {
  dataOf,
  gatewayOf,
  generationOf,
  type Listening,
  listener,
  listenersOf,
  mapOf,
  outcome,
  type Row,
  seed,
} from './row.ts';

export const writes: Readonly<Record<string, Row>> = {
  'what is there cannot be created': {
    run: async ({ kube, namespace }) => {
      await kube.create(mapOf(namespace));
      return outcome(kube.create(mapOf(namespace)));
    },
    sees: '409 AlreadyExists',
  },
  'an update of another version is a lost race; without a version only what a CRD has made is refused': {
    run: async ({ kube, namespace }) => {
      const old = await kube.create(mapOf(namespace, { a: '1' }));
      await kube.update({ ...old, data: { a: '2' } });
      const lost = await outcome(kube.update({ ...old, data: { a: '3' } }));
      const blind = await outcome(kube.update(mapOf(namespace, { a: '4' })));
      await kube.create(gatewayOf(namespace, seed));
      const guarded = await outcome(kube.update(gatewayOf(namespace, seed)));
      return [lost, blind, guarded];
    },
    sees: ['409 Conflict', 'ok', '422 Invalid'],
  },
  'an update of nothing, and a patch of it': {
    run: async ({ kube, namespace }) => [
      await outcome(kube.update(mapOf(namespace))),
      await outcome(kube.patch(mapOf(namespace), { data: {} }, { type: 'merge' })),
      await outcome(kube.get(mapOf(namespace))),
      await kube.find(mapOf(namespace)),
      await kube.remove(mapOf(namespace)),
    ],
    sees: ['404 NotFound', '404 NotFound', '404 NotFound', undefined, false],
  },
  'a merge patch sets, replaces lists, and takes out by null': {
    run: async (side) => {
      const { kube, namespace } = side;
      await kube.create(mapOf(namespace, { a: '1', b: '2' }));
      await kube.patch(mapOf(namespace), { data: { a: null, c: '3' } }, { type: 'merge' });
      await kube.create(gatewayOf(namespace, seed, listener('det-2000', 2000)));
      const listeners = [listener('det-2001', 2001)];
      await kube.patch(gatewayOf(namespace), { spec: { listeners } }, { type: 'merge' });
      return [await dataOf(side), await listenersOf(side)];
    },
    sees: [{ b: '2', c: '3' }, ['det-2001 2001']],
  },
  'the status is written by itself only, and nothing else with it': {
    run: async (side) => {
      const { kube, namespace } = side;
      const status = { addresses: [{ type: 'IPAddress', value: '192.0.2.1' }] };
      await kube.apply({ ...gatewayOf(namespace, seed), status } as Listening);
      const listeners = [seed, listener('det-2000', 2000)];
      const patch = { status, spec: { listeners } };
      const seen = async () => (await kube.get<Listening>(gatewayOf(namespace))).status?.addresses;
      const applied = await seen();
      await kube.patch(gatewayOf(namespace), { status }, { type: 'merge' });
      const merged = await seen();
      await kube.patch(gatewayOf(namespace), patch, { type: 'merge', subresource: 'status' });
      return [applied, merged, await seen(), await listenersOf(side)];
    },
    sees: [undefined, undefined, [{ type: 'IPAddress', value: '192.0.2.1' }], ['seed 1025']],
  },
  'a generation is one of the spec: neither labels nor the status begin another': {
    run: async (side) => {
      const { kube, namespace, put } = side;
      const gateway = gatewayOf(namespace, seed);
      await kube.apply(gateway);
      const seen = [await generationOf(side)];
      await kube.apply({ ...gateway, metadata: { ...gateway.metadata, labels: { a: 'b' } } });
      seen.push(await generationOf(side));
      await put({ ...gateway, status: { addresses: [{ type: 'IPAddress', value: '192.0.2.1' }] } } as Listening);
      seen.push(await generationOf(side));
      await kube.apply(gatewayOf(namespace, listener('seed', 1030)));
      return [...seen, await generationOf(side)];
    },
    sees: [1, 1, 1, 2],
  },
  'kinds that count generations': {
    run: async ({ kube, namespace }) => {
      const objects = leastObjects.map(({ kind }) => leastOf(kind, namespace));
      const made = await Promise.all(objects.map((object) => kube.create(object, { dryRun: true })));
      return made.flatMap(({ metadata: { generation } }, index) =>
        generation === undefined ? [] : [`${objects[index]?.kind} ${generation}`],
      );
    },
    sees: [
      'Pod',
      'Deployment',
      'DaemonSet',
      'Job',
      'EndpointSlice',
      'NetworkPolicy',
      'GatewayClass',
      'Gateway',
      'TCPRoute',
      'ContourDeployment',
    ].map((kind) => `${kind} 1`),
  },
};
