import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ApiServer, startApiServer } from '../../scripts/testbed/api-server.ts';
import { connect, type Kube } from '../../src/lib/kube/client.ts';
import type { KubeObject } from '../../src/lib/kube/types.ts';
import { type Between, standBetween } from '../support/api/between.ts';

type ConfigMap = KubeObject & { readonly data?: Readonly<Record<string, string>> };

/** Of its own: it is restarted, and has no cache before etcd, so that what etcd forgets is gone. */
let server: ApiServer;
let kube: Kube;
beforeAll(async () => {
  server = await startApiServer(['--watch-cache=false']);
  kube = connect(server.kubeconfig);
});
afterAll(() => server?.remove());

const mapOf = (name: string, value: string): ConfigMap => ({
  ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' } },
  data: { value },
});

/** Follows one ConfigMap, and calls `next` with each value that is seen until it has seen `last`. */
const follow = async (client: Kube, name: string, last: string, next: (value: string) => Promise<unknown>) => {
  const ending = new AbortController();
  const seen: string[] = [];
  const place = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name };
  for await (const [map] of client.watch<ConfigMap>(place, ending.signal)) {
    const value = map?.data?.['value'] ?? 'nothing';
    if (seen.at(-1) === value) continue;
    seen.push(value);
    if (value === last) ending.abort();
    else await next(value);
  }
  return seen;
};

describe('a watch', () => {
  const between = async (rewrite: Between): Promise<Kube> => connect(await standBetween(server.kubeconfig, rewrite));

  test('whose version etcd has forgotten is told 410, lists again, and misses nothing', async () => {
    await kube.apply(mapOf('expired', 'first'));
    const refusals: string[] = [];
    let isFirst = true;
    const client = await between({
      before: async (url) => {
        if (!url.searchParams.has('watch') || !isFirst) return url;
        isFirst = false;
        // between the list and the watch
        await kube.apply(mapOf('expired', 'second'));
        await kube.apply(mapOf('expired', 'third'));
        await server.compact();
        return url;
      },
      onLine: (line) => {
        if (line.includes('"type":"ERROR"')) refusals.push(line);
      },
    });
    expect(await follow(client, 'expired', 'third', async () => undefined)).toEqual(['first', 'third']);
    expect(refusals.map((line) => JSON.parse(line).object)).toEqual([
      expect.objectContaining({ code: 410, reason: 'Expired' }),
    ]);
  });

  test('takes no notice of bookmarks', async () => {
    await kube.apply(mapOf('marked', 'first'));
    const bookmarks: string[] = [];
    const client = await between({
      before: async (url) => {
        if (!url.searchParams.has('watch')) return url;
        url.searchParams.set('allowWatchBookmarks', 'true');
        url.searchParams.set('sendInitialEvents', 'true');
        url.searchParams.set('resourceVersionMatch', 'NotOlderThan');
        return url;
      },
      onLine: (line) => {
        if (line.includes('"type":"BOOKMARK"')) bookmarks.push(line);
      },
    });
    const change = async () => {
      await expect.poll(() => bookmarks.length).toBeGreaterThan(0);
      await kube.apply(mapOf('marked', 'second'));
    };
    let isChanging: Promise<void> | undefined;
    const seen = await follow(client, 'marked', 'second', async () => {
      isChanging ??= change();
    });
    await isChanging;
    expect(seen).toEqual(['first', 'second']);
    expect(JSON.parse(bookmarks[0] ?? '{}').object.kind).toBe('ConfigMap');
  });

  test('goes on when the API server is killed and comes back', async () => {
    await kube.apply(mapOf('restarted', 'first'));
    const seen = await follow(kube, 'restarted', 'second', async () => {
      await server.restart();
      await kube.apply(mapOf('restarted', 'second'));
    });
    expect(seen).toEqual(['first', 'second']);
  });
});

test('a CRD that comes later is watched once it is there', async () => {
  const ending = new AbortController();
  const names: (readonly string[])[] = [];
  const kind = { apiVersion: 'late.example.com/v1', kind: 'Late' };
  const watching = (async () => {
    for await (const objects of kube.watch({ ...kind, namespace: 'default' }, ending.signal)) {
      names.push(objects.map(({ metadata }) => metadata.name));
      if (objects.length > 0) ending.abort();
    }
  })();
  await kube.apply({
    ...{ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' },
    metadata: { name: 'lates.late.example.com' },
    spec: {
      ...{ group: 'late.example.com', scope: 'Namespaced', names: { plural: 'lates', kind: 'Late', singular: 'late' } },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
    },
  } as KubeObject);
  const late = { ...kind, metadata: { name: 'one', namespace: 'default' } };
  await expect.poll(() => kube.apply(late).then(() => 'applied', String)).toBe('applied');
  await watching;
  expect(names.at(-1)).toEqual(['one']);
});
