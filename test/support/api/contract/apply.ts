import type { KubeObject } from '../../../../src/lib/kube/types.ts';
import { leastOf } from '../objects.ts';
import { type ConfigMap, dataOf, gatewayOf, listener, listenersOf, mapOf, outcome, type Row, seed } from './row.ts';

export const apply: Readonly<Record<string, Row>> = {
  'a second apply changes nothing, not even the version': {
    run: async ({ kube, namespace }) => {
      const first = await kube.apply(mapOf(namespace, { a: '1' }));
      const second = await kube.apply(mapOf(namespace, { a: '1' }));
      return first.metadata.resourceVersion === second.metadata.resourceVersion;
    },
    sees: true,
  },
  'what is not applied any more is taken out, and what another client wrote stays': {
    run: async (side) => {
      const { kube, namespace, put } = side;
      await kube.apply(mapOf(namespace, { a: '1', b: '2' }));
      await put(mapOf(namespace, { a: '1', b: '2', c: '3' }));
      await kube.apply(mapOf(namespace, { a: '1' }));
      return dataOf(side);
    },
    sees: { a: '1', c: '3' },
  },
  'labels and annotations are fields like others': {
    run: async ({ kube, namespace }) => {
      await kube.apply(mapOf(namespace, {}, { labels: { a: '1', b: '2' }, annotations: { c: '3' } }));
      const { metadata } = await kube.apply(mapOf(namespace, {}, { labels: { b: '2' } }));
      return [metadata.labels, metadata.annotations];
    },
    sees: [{ b: '2' }, undefined],
  },
  'a field that another client has set is a conflict, and is taken by force': {
    run: async (side) => {
      const { kube, namespace, put } = side;
      await put(mapOf(namespace, { a: 'theirs', b: 'theirs' }));
      const refused = await outcome(kube.apply(mapOf(namespace, { a: 'ours' }), { force: false }));
      const before = await dataOf(side);
      await kube.apply(mapOf(namespace, { a: 'ours' }));
      return [refused, before, await dataOf(side)];
    },
    sees: ['409 Conflict', { a: 'theirs', b: 'theirs' }, { a: 'ours', b: 'theirs' }],
  },
  'a field that another client changed since is a conflict': {
    run: async ({ kube, namespace, put }) => {
      await kube.apply(mapOf(namespace, { a: 'ours' }));
      await put(mapOf(namespace, { a: 'theirs' }));
      return outcome(kube.apply(mapOf(namespace, { a: 'ours' }), { force: false }));
    },
    sees: '409 Conflict',
  },
  'an update of our own is another owner than an apply': {
    run: async ({ kube, namespace }) => {
      await kube.apply(mapOf(namespace, { a: '1' }));
      await kube.update({ ...(await kube.get<ConfigMap>(mapOf(namespace))), data: { a: '2' } });
      return outcome(kube.apply(mapOf(namespace, { a: '1' }), { force: false }));
    },
    sees: '409 Conflict',
  },
  'the same value is no conflict, and a field that two have set stays when one lets it go': {
    run: async (side) => {
      const { kube, namespace, put } = side;
      await put(mapOf(namespace, { a: '1', b: '2' }));
      const shared = await outcome(kube.apply(mapOf(namespace, { a: '1' }), { force: false }));
      await kube.apply(mapOf(namespace, { b: '2' }));
      return [shared, await dataOf(side)];
    },
    sees: ['ok', { a: '1', b: '2' }],
  },
  'listeners of others stay; one that is applied under another name replaces the earlier': {
    run: async (side) => {
      const { kube, namespace, put } = side;
      await kube.apply(gatewayOf(namespace, seed));
      await put(gatewayOf(namespace, seed, listener('det-2000', 2000)));
      await kube.apply(gatewayOf(namespace, seed));
      const kept = await listenersOf(side);
      await kube.apply(gatewayOf(namespace, listener('other', 1026)));
      return [kept, await listenersOf(side)];
    },
    sees: [
      ['seed 1025', 'det-2000 2000'],
      ['det-2000 2000', 'other 1026'],
    ],
  },
  'the port of an applied listener is changed in its place': {
    run: async (side) => {
      const { kube, namespace, put } = side;
      await kube.apply(gatewayOf(namespace, seed));
      await put(gatewayOf(namespace, seed, listener('det-2000', 2000)));
      await kube.apply(gatewayOf(namespace, listener('seed', 1030)));
      return listenersOf(side);
    },
    sees: ['seed 1030', 'det-2000 2000'],
  },
  'lists without keys are one value': {
    run: async ({ kube, namespace }) => {
      const route = leastOf('TCPRoute', namespace) as KubeObject & { readonly spec: object };
      const withParents = (...names: readonly string[]) => ({
        ...route,
        spec: { ...route.spec, parentRefs: names.map((name) => ({ name })) },
      });
      await kube.apply(withParents('a', 'b'));
      const { spec } = await kube.apply(withParents('b'));
      return spec.parentRefs.map(({ name }) => name);
    },
    sees: ['b'],
  },
  'a version that is not the present one is refused': {
    run: async ({ kube, namespace }) => {
      const { metadata } = await kube.apply(mapOf(namespace, { a: '1' }));
      await kube.apply(mapOf(namespace, { a: '2' }));
      const { resourceVersion } = metadata;
      return outcome(kube.apply(mapOf(namespace, { a: '3' }, { ...(resourceVersion && { resourceVersion }) })));
    },
    sees: '409 Conflict',
  },
  'a dry run is answered, and stores nothing': {
    run: async (side) => {
      const { kube, namespace } = side;
      await kube.apply(mapOf(namespace, { a: '1' }));
      const dry = await kube.apply(mapOf(namespace, { a: '2' }), { dryRun: true });
      const absent = leastOf('ConfigMap', namespace, 'absent');
      await kube.create(absent, { dryRun: true });
      return [dry.data, await dataOf(side), await kube.find(absent)];
    },
    sees: [{ a: '2' }, { a: '1' }, undefined],
  },
};
