import { isFields, itemsOf } from '../json.ts';
import { parseAnswer } from './answer.ts';
import { KubeError } from './error.ts';
import type { KubeHttp } from './http.ts';
import type { Selection } from './types.ts';

/** The URL path of one object, or of a collection when the selection has no name. */
export type PathOf = (selection: Selection) => Promise<string>;

/** What the API server serves of one apiVersion. */
type ServedResource = {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly unknown[];
};

/** Reads an answer of API discovery. */
export const parseResources = (text: string): readonly ServedResource[] =>
  itemsOf(parseAnswer(text).resources)
    .filter(isFields)
    .flatMap(({ name, kind, namespaced, verbs }) =>
      typeof name === 'string' && typeof kind === 'string'
        ? [{ name, kind, namespaced: namespaced === true, verbs: itemsOf(verbs) }]
        : [],
    );

const groupPath = (apiVersion: string): string =>
  apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;

/** Finds the URL path of a kind by API discovery; asks once for each apiVersion, again when a kind is unknown. */
export const discovery = (http: KubeHttp): PathOf => {
  const known = new Map<string, Promise<readonly ServedResource[]>>();
  const ask = (apiVersion: string): Promise<readonly ServedResource[]> => {
    const answer = http(groupPath(apiVersion)).then(async ({ text }) => parseResources(await text()));
    known.set(apiVersion, answer);
    answer.catch(() => known.delete(apiVersion));
    return answer;
  };
  const lookUp = async (apiVersion: string, kind: string) => {
    const match = (resources: readonly ServedResource[]) =>
      resources.find((one) => one.kind === kind && !one.name.includes('/'));
    const cached = known.get(apiVersion);
    const resource = (cached && match(await cached)) ?? match(await ask(apiVersion));
    if (!resource) throw new KubeError(404, 'NoKind', `the API server has no ${kind} in ${apiVersion}`);
    return resource;
  };
  return async ({ apiVersion, kind, namespace, name }: Selection): Promise<string> => {
    const resource = await lookUp(apiVersion, kind);
    const scope = resource.namespaced && namespace ? `/namespaces/${namespace}` : '';
    return `${groupPath(apiVersion)}${scope}/${resource.name}${name ? `/${name}` : ''}`;
  };
};

/** The selection without what only narrows it: the collection that is listed or watched. */
export const collectionOf = ({ apiVersion, kind, namespace }: Selection): Selection => ({
  apiVersion,
  kind,
  ...(namespace && { namespace }),
});

/** The query parameters that narrow a collection to a selection. */
export const selectorsOf = ({ name, labelSelector, fieldSelector }: Selection) => ({
  labelSelector,
  fieldSelector: [fieldSelector, name && `metadata.name=${name}`].filter(Boolean).join(',') || undefined,
});
