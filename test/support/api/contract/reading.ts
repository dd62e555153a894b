import { leastOf } from '../objects.ts';
import type { Side } from '../sides.ts';
import { type ConfigMap, mapOf, outcome, type Row } from './row.ts';

const namesIn = async ({ kube, namespace }: Side, kind: string, selection: object) => {
  const { apiVersion } = leastOf(kind, namespace);
  const found = await kube.list({ apiVersion, kind, namespace, ...selection });
  return found.map(({ metadata }) => metadata.name).toSorted();
};

const makeLabelled = async ({ kube, namespace }: Side): Promise<void> => {
  for (const [name, labels] of [
    ['first', { app: 'one' }],
    ['second', { app: 'two', more: '' }],
    ['third', {}],
  ] as const) {
    const map = leastOf('ConfigMap', namespace, name);
    await kube.create({ ...map, metadata: { ...map.metadata, labels } });
  }
};

/** The ConfigMap that a controller puts in each namespace is no one's here. */
const own = 'metadata.name!=kube-root-ca.crt';

export const reading: Readonly<Record<string, Row>> = {
  'label selectors': {
    run: async (side) => {
      await makeLabelled(side);
      const select = (labelSelector: string) => namesIn(side, 'ConfigMap', { labelSelector, fieldSelector: own });
      return Promise.all(['app', '!app', 'app=one', 'app==one', 'app!=one', 'app,more', 'more='].map(select));
    },
    sees: [['first', 'second'], ['third'], ['first'], ['first'], ['second', 'third'], ['second'], ['second']],
  },
  'field selectors': {
    run: async (side) => {
      await makeLabelled(side);
      const select = (fieldSelector: string) => namesIn(side, 'ConfigMap', { fieldSelector });
      return [
        await select('metadata.name=first'),
        await select(`metadata.name!=first,${own}`),
        await namesIn(side, 'ConfigMap', { name: 'second' }),
        await outcome(select('data.a=b')),
      ];
    },
    sees: [['first'], ['second', 'third'], ['second'], '400 BadRequest'],
  },
  'events are selected by their reason, type and object': {
    run: async (side) => {
      const { kube, namespace } = side;
      const involvedObject = { namespace, name: 'job', kind: 'Job' };
      const event = { ...leastOf('Event', namespace), involvedObject, reason: 'FailedCreate', type: 'Warning' };
      await kube.create(event);
      await kube.create({ ...event, metadata: { ...event.metadata, name: 'two' }, reason: 'Other', type: 'Normal' });
      const select = (fieldSelector: string) => namesIn(side, 'Event', { fieldSelector });
      return [
        await select('reason=FailedCreate,involvedObject.name=job'),
        await select('involvedObject.name=other'),
        await select('type=Warning'),
        await outcome(select('message=x')),
      ];
    },
    sees: [['one'], [], ['one'], '400 BadRequest'],
  },
  'a kind that is not served': {
    run: async ({ kube, namespace }) => {
      const nothing = { apiVersion: 'example.com/v1', kind: 'Nothing', metadata: { name: 'one', namespace } };
      const { apiVersion, kind } = nothing;
      return [await kube.find(nothing), (await outcome(kube.list({ apiVersion, kind }))).slice(0, 3)];
    },
    sees: [undefined, '404'],
  },
  'a watch tells of all that is there, then of changes and removals': {
    run: async ({ kube, namespace }) => {
      const seen: (readonly string[])[] = [];
      const ending = new AbortController();
      const labelSelector = 'watched';
      const labels = { watched: '' };
      const place = { apiVersion: 'v1', kind: 'ConfigMap', namespace, labelSelector };
      await kube.create(mapOf(namespace, { a: '1' }, { labels }));
      for await (const objects of kube.watch<ConfigMap>(place, ending.signal)) {
        seen.push(objects.map(({ data }) => JSON.stringify(data)));
        if (seen.length === 1) await kube.apply(mapOf(namespace, { a: '2' }, { labels }));
        if (seen.length === 2) await kube.remove(mapOf(namespace));
        if (seen.length === 3) ending.abort();
      }
      return seen;
    },
    sees: [['{"a":"1"}'], ['{"a":"2"}'], []],
  },
};
