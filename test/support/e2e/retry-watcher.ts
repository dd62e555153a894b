import { setTimeout as pause } from 'node:timers/promises';
import { KubeError } from '../../../src/lib/kube/client.ts';
import { kubeHttp } from '../../../src/lib/kube/http.ts';

type Watched = { readonly path: string; readonly labelSelector?: string };
type WatchEvent = {
  readonly type: string;
  readonly object: {
    readonly code?: number;
    readonly message?: string;
    readonly metadata?: { readonly name?: string; readonly resourceVersion?: string };
  };
};

/**
 * Follows objects as client-go's RetryWatcher does, by which a Determined master watches: it lists once, begins each watch again at
 * the version of its last event or bookmark, never lists again, and has ended for good when the API server answers 410
 * (client-go v0.34.4, tools/watch/retrywatcher.go; a master panics then).
 */
export const retryWatcher = (kubeconfig: string, { path, labelSelector }: Watched) => {
  const http = kubeHttp(kubeconfig);
  const ending = new AbortController();
  const { signal } = ending;
  const seen: string[] = [];
  let version = '';
  let watches = 0;
  let ended: string | undefined;
  const begun = Promise.withResolvers<void>();
  const take = ({ type, object }: WatchEvent): void => {
    if (type === 'ERROR') {
      if (object.code === 410) ended = `410: ${object.message}`;
      return;
    }
    version = object.metadata?.resourceVersion ?? version;
    if (type !== 'BOOKMARK') seen.push(`${type} ${object.metadata?.name}`);
  };
  const watchOnce = async (): Promise<void> => {
    const query = { watch: 'true', labelSelector, resourceVersion: version, allowWatchBookmarks: 'true' };
    const stream = await http(path, { query, signal });
    watches++;
    begun.resolve();
    for await (const line of stream.lines()) take(JSON.parse(line) as WatchEvent);
  };
  const follow = async (): Promise<void> => {
    while (!signal.aborted && ended === undefined) {
      await watchOnce().catch((error: unknown) => {
        if (error instanceof KubeError && error.code === 410) ended = `410: ${error.message}`;
      });
      await pause(200, undefined, { signal }).catch(() => undefined);
    }
  };
  return {
    /** Lists, begins to watch, and goes on in the background. */
    start: async (): Promise<void> => {
      const list = await http(path, { query: { labelSelector } });
      version = (JSON.parse(await list.text()) as { metadata: { resourceVersion: string } }).metadata.resourceVersion;
      void follow();
      await begun.promise;
    },
    /** How many watches the API server has begun. */
    watches: () => watches,
    /** Why it has ended, where it has. */
    ended: () => ended,
    seen: () => seen,
    stop: () => ending.abort(),
  };
};
