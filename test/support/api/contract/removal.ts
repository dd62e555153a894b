import { gatewayOf, mapOf, type Row, seed } from './row.ts';

const finalizer = 'example.com/hold';

export const removal: Readonly<Record<string, Row>> = {
  'an object with a finalizer is marked, counts a generation, and goes with the finalizer': {
    run: async (side) => {
      const { kube, namespace } = side;
      const gateway = gatewayOf(namespace, seed);
      const held = { ...gateway, metadata: { ...gateway.metadata, finalizers: [finalizer] } };
      await kube.apply(held);
      const removed = [await kube.remove(gateway), await kube.remove(gateway)];
      const { metadata } = await kube.get(gateway);
      const marked = [typeof metadata.deletionTimestamp, metadata.generation];
      await kube.patch(gateway, { metadata: { finalizers: null } }, { type: 'merge' });
      return [removed, marked, await kube.find(gateway), await kube.remove(gateway)];
    },
    sees: [[true, true], ['string', 2], undefined, false],
  },
  'an update takes the mark away neither': {
    run: async ({ kube, namespace }) => {
      const held = mapOf(namespace, {}, { finalizers: [finalizer] } as object);
      await kube.create(held);
      await kube.remove(held);
      await kube.update(held);
      const { metadata } = await kube.get(held);
      await kube.update(mapOf(namespace));
      return [typeof metadata.deletionTimestamp, await kube.find(held)];
    },
    sees: ['string', undefined],
  },
  'a finalizer that was applied is taken out by an apply without it': {
    run: async ({ kube, namespace }) => {
      await kube.apply(mapOf(namespace, {}, { finalizers: [finalizer] } as object));
      await kube.remove(mapOf(namespace));
      await kube.apply(mapOf(namespace));
      return kube.find(mapOf(namespace));
    },
    sees: undefined,
  },
};
