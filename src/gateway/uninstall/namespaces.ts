import { messageOf } from '../../lib/errors.ts';
import { isFields, itemsOf } from '../../lib/json.ts';
import { parseAnswer } from '../../lib/kube/answer.ts';
import { type Kube, KubeError } from '../../lib/kube/client.ts';
import { parseResources } from '../../lib/kube/discovery.ts';
import { listServed } from '../../lib/kube/list.ts';
import { describeRef } from '../../lib/kube/shapes.ts';
import type { KubeObject } from '../../lib/kube/types.ts';
import { type Kind, listCreated, type RemovalContext, removeObject, waitForRemoval } from './objects.ts';

/** Kinds that controllers create and remove. */
const transientKinds: readonly string[] = ['Event', 'Endpoints', 'EndpointSlice', 'ReplicaSet', 'ControllerRevision'];

/** Objects that Kubernetes creates in every namespace. */
const isBuiltIn = ({ kind, metadata: { name } }: KubeObject): boolean =>
  (kind === 'ConfigMap' && name === 'kube-root-ca.crt') || (kind === 'ServiceAccount' && name === 'default');

type Owned = KubeObject & { readonly metadata: { readonly ownerReferences?: readonly unknown[] } };

/** Whether an object keeps its namespace from being removed: it is not being deleted and no other object owns it. */
const isIndependent = (object: Owned): boolean =>
  !object.metadata.deletionTimestamp && !object.metadata.ownerReferences?.length && !isBuiltIn(object);

const kindsOf = (apiVersion: string, resources: ReturnType<typeof parseResources>): readonly Kind[] =>
  resources
    .filter(({ name, kind, namespaced, verbs }) => {
      const isWhole = namespaced && !name.includes('/') && !transientKinds.includes(kind);
      return isWhole && verbs.includes('list') && verbs.includes('delete');
    })
    .map(({ kind }) => ({ apiVersion, kind }));

/** The preferred version of each group that the API server serves. */
const preferredVersions = (text: string): readonly string[] =>
  itemsOf(parseAnswer(text).groups)
    .filter(isFields)
    .flatMap(({ preferredVersion }) => (isFields(preferredVersion) ? [preferredVersion.groupVersion] : []))
    .filter((version) => typeof version === 'string');

/** Every kind of namespaced object. */
const namespacedKinds = async (kube: Kube): Promise<readonly Kind[]> => {
  const versions = ['v1', ...preferredVersions(await kube.text('/apis'))];
  const kinds = versions.map(async (version) =>
    kindsOf(version, parseResources(await kube.text(version === 'v1' ? '/api/v1' : `/apis/${version}`))),
  );
  return (await Promise.all(kinds)).flat();
};

/** The objects left in a namespace after this instance's have been removed. */
const findIndependent = async (
  { kube, removed }: RemovalContext,
  namespace: string,
): Promise<readonly KubeObject[]> => {
  const kinds = await namespacedKinds(kube);
  const objects = await Promise.all(kinds.map((kind) => listServed(kube, { ...kind, namespace })));
  return objects.flat().filter((object) => isIndependent(object) && !removed.includes(describeRef(object)));
};

const removeNamespace = async (removing: RemovalContext, namespace: KubeObject): Promise<void> => {
  const others = await findIndependent(removing, namespace.metadata.name);
  if (others.length > 0) {
    const names = others.slice(0, 3).map(describeRef).join(', ');
    const why = `it has ${others.length} objects that taskgate did not create: ${names}${others.length > 3 ? ', ...' : ''}`;
    removing.left.push({ what: describeRef(namespace), why });
    return;
  }
  await removeObject(removing, namespace);
  // its pods may take minutes to terminate: Envoy drains open connections
  const { apiVersion, kind, metadata } = namespace;
  await waitForRemoval(removing, {
    what: describeRef(namespace),
    selection: { apiVersion, kind, name: metadata.name },
  });
};

/** Removes the namespaces that this instance created, unless they contain other objects. */
export const removeNamespaces = async (removing: RemovalContext): Promise<void> => {
  for (const namespace of await listCreated(removing, { apiVersion: 'v1', kind: 'Namespace' })) {
    try {
      await removeNamespace(removing, namespace);
    } catch (error) {
      // such as an aggregated API that is down: its objects might be in use
      if (!(error instanceof KubeError)) throw error;
      removing.left.push({ what: describeRef(namespace), why: `its objects cannot be listed: ${messageOf(error)}` });
    }
  }
};
