import { type Fields, isFields, itemsOf } from '../json.ts';
import { objectsIn, parseAnswer, verifyObject } from './answer.ts';
import { collectionOf, discovery, selectorsOf } from './discovery.ts';
import { isAlreadyExists, isNotFound } from './error.ts';
import { type HttpOptions, type KubeRequest, kubeHttp } from './http.ts';
import type { KubeObject, ObjectRef, Selection } from './types.ts';
import { watchObjects } from './watch.ts';

export { isConflict, isForbidden, isNotFound, KubeError } from './error.ts';

export type ApplyOptions = { readonly dryRun?: boolean; readonly force?: boolean };
export type PatchOptions = {
  readonly type: 'merge' | 'json';
  readonly subresource?: 'status';
  readonly dryRun?: boolean;
};
export type RemoveOptions = {
  readonly propagation?: 'Background' | 'Foreground';
  readonly gracePeriodSeconds?: number;
  /** Removes this very object: one that was made again under its name is a 409. */
  readonly uid?: string;
};

/** A client of the API server. Every method throws KubeError for a refusal. */
export type Kube = {
  readonly get: <T extends KubeObject = KubeObject>(ref: ObjectRef) => Promise<T>;
  /** Like get, but undefined when the object or its kind does not exist. */
  readonly find: <T extends KubeObject = KubeObject>(ref: ObjectRef) => Promise<T | undefined>;
  readonly list: <T extends KubeObject = KubeObject>(selection: Selection) => Promise<readonly T[]>;
  /** Server-side apply with {@link fieldManager}. `force` (default true) takes over fields of other managers. */
  readonly apply: <T extends KubeObject>(object: T, options?: ApplyOptions) => Promise<T>;
  /** An object that this very call has made, by a try that seemed to fail, is no conflict. */
  readonly create: <T extends KubeObject>(object: T, options?: { readonly dryRun?: boolean }) => Promise<T>;
  /** Replaces the object; its resourceVersion makes a lost race a 409. */
  readonly update: <T extends KubeObject>(object: T, options?: { readonly dryRun?: boolean }) => Promise<T>;
  readonly patch: <T extends KubeObject = KubeObject>(
    ref: ObjectRef,
    patch: unknown,
    options: PatchOptions,
  ) => Promise<T>;
  /** False when there was nothing to remove. */
  readonly remove: (ref: ObjectRef, options?: RemoveOptions) => Promise<boolean>;
  /** Yields all selected objects, now and after each change, until the signal aborts. Reconnects when a watch ends. */
  readonly watch: <T extends KubeObject = KubeObject>(
    selection: Selection,
    signal: AbortSignal,
  ) => AsyncIterable<readonly T[]>;
  /** GET of any path (`/readyz`, `/api/v1/.../log`), as text. */
  readonly text: (path: string, query?: Readonly<Record<string, string>>, signal?: AbortSignal) => Promise<string>;
};

/** The field manager of all writes. */
export const fieldManager = 'taskgate';
const patchTypes = { merge: 'application/merge-patch+json', json: 'application/json-patch+json' } as const;

const selectionOf = ({ apiVersion, kind, metadata: { name, namespace } }: ObjectRef): Selection => ({
  apiVersion,
  kind,
  name,
  ...(namespace && { namespace }),
});

/** After a repeated create: an apply would be another operation, so this is what an earlier try has made. */
const isCreatedHere = ({ managedFields }: Fields): boolean =>
  itemsOf(managedFields)
    .filter(isFields)
    .some(({ manager, operation }) => manager === fieldManager && operation === 'Update');

/**
 * Connects to the cluster of a kubeconfig's text; nothing is sent yet.
 * Throws a UserError when the kubeconfig does not have the context.
 */
export const connect = (kubeconfig: string, kubeContext?: string, options?: HttpOptions): Kube => {
  const http = kubeHttp(kubeconfig, kubeContext, options);
  const pathOf = discovery(http);
  const send = async <T>(path: string, request?: KubeRequest): Promise<T> =>
    parseAnswer(await (await http(path, request)).text()) as T;
  const sendForObject = async <T>(path: string, request?: KubeRequest): Promise<T> =>
    verifyObject(await send<Fields>(path, request)) as T;
  const query = (dryRun?: boolean) => ({ fieldManager, ...(dryRun && { dryRun: 'All' }) });

  const get = async <T extends KubeObject>(ref: ObjectRef): Promise<T> => sendForObject(await pathOf(selectionOf(ref)));
  return {
    get,
    find: async (ref) => {
      try {
        return await get(ref);
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    },
    list: async (selection) => {
      const { apiVersion, kind } = selection;
      const path = await pathOf(collectionOf(selection));
      const list = await send<Fields>(path, { query: selectorsOf(selection) });
      return objectsIn(list).map((item) => ({
        ...item,
        apiVersion: item.apiVersion ?? apiVersion,
        kind: item.kind ?? kind,
      })) as never;
    },
    apply: async (object, { dryRun, force = true } = {}) =>
      sendForObject(await pathOf(selectionOf(object)), {
        method: 'PATCH',
        contentType: 'application/apply-patch+yaml',
        query: { ...query(dryRun), force: String(force) },
        body: object,
      }),
    create: async (object, { dryRun } = {}) => {
      const path = await pathOf(collectionOf(selectionOf(object)));
      let tries = 1;
      const onRetry = () => {
        tries++;
      };
      try {
        return await send(path, { method: 'POST', query: query(dryRun), body: object, onRetry });
      } catch (error) {
        if (tries === 1 || !isAlreadyExists(error)) throw error;
        const found = await get<typeof object>(object);
        if (isCreatedHere(found.metadata)) return found;
        throw error;
      }
    },
    update: async (object, { dryRun } = {}) =>
      sendForObject(await pathOf(selectionOf(object)), { method: 'PUT', query: query(dryRun), body: object }),
    patch: async (ref, patch, { type, subresource, dryRun }) =>
      sendForObject(`${await pathOf(selectionOf(ref))}${subresource ? `/${subresource}` : ''}`, {
        method: 'PATCH',
        contentType: patchTypes[type],
        query: query(dryRun),
        body: patch,
      }),
    remove: async (ref, { propagation = 'Background', gracePeriodSeconds, uid } = {}) => {
      let tries = 1;
      const onRetry = () => {
        tries++;
      };
      try {
        await send(await pathOf(selectionOf(ref)), {
          method: 'DELETE',
          onRetry,
          body: {
            propagationPolicy: propagation,
            ...(gracePeriodSeconds !== undefined && { gracePeriodSeconds }),
            ...(uid !== undefined && { preconditions: { uid } }),
          },
        });
        return true;
      } catch (error) {
        if (isNotFound(error)) return tries > 1;
        throw error;
      }
    },
    watch: (selection, signal) => watchObjects({ http, pathOf, selection, signal }),
    text: async (path, parameters, signal) =>
      (await http(path, { ...(parameters && { query: parameters }), ...(signal && { signal }) })).text(),
  };
};
