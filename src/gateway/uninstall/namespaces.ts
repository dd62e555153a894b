import { messageOf } from '../../lib/errors.ts';
import { type Kube, KubeError } from '../../lib/kube/client.ts';
import { describeRef } from '../../lib/kube/shapes.ts';
import type { KubeObject } from '../../lib/kube/types.ts';
import { type Kind, listAll, listCreated, type RemovalContext, removeObject, waitForRemoval } from './objects.ts';

type Resource = {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
};
type Resources = { readonly groupVersion: string; readonly resources: readonly Resource[] };
type Groups = { readonly groups: readonly { readonly preferredVersion: { readonly groupVersion: string } }[] };

/** What comes and goes by itself. */
const passing: readonly string[] = ['Event', 'Endpoints', 'EndpointSlice', 'ReplicaSet', 'ControllerRevision'];

/** What Kubernetes puts into each namespace. */
const isBuiltIn = ({ kind, metadata: { name } }: KubeObject): boolean =>
  (kind === 'ConfigMap' && name === 'kube-root-ca.crt') || (kind === 'ServiceAccount' && name === 'default');

type Owned = KubeObject & { readonly metadata: { readonly ownerReferences?: readonly unknown[] } };

/** Whether an object keeps its namespace: it is there to stay, and not for another object's sake. */
const isSettled = (object: Owned): boolean =>
  !object.metadata.deletionTimestamp && !object.metadata.ownerReferences?.length && !isBuiltIn(object);

const kindsOf = ({ groupVersion, resources }: Resources): readonly Kind[] =>
  resources
    .filter(({ name, kind, namespaced, verbs }) => {
      const isWhole = namespaced && !name.includes('/') && !passing.includes(kind);
      return isWhole && verbs.includes('list') && verbs.includes('delete');
    })
    .map(({ kind }) => ({ apiVersion: groupVersion, kind }));

/** Every kind that can be in a namespace. */
const namespacedKinds = async (kube: Kube): Promise<readonly Kind[]> => {
  const { groups } = JSON.parse(await kube.text('/apis')) as Groups;
  const paths = ['/api/v1', ...groups.map(({ preferredVersion }) => `/apis/${preferredVersion.groupVersion}`)];
  const answers = await Promise.all(paths.map(async (path) => JSON.parse(await kube.text(path)) as Resources));
  return answers.flatMap(kindsOf);
};

/** What else is in a namespace, after all of ours is gone. */
const findSettled = async ({ kube, removed }: RemovalContext, namespace: string): Promise<readonly KubeObject[]> => {
  const kinds = await namespacedKinds(kube);
  const objects = await Promise.all(kinds.map((kind) => listAll(kube, { ...kind, namespace })));
  return objects.flat().filter((object) => isSettled(object) && !removed.includes(describeRef(object)));
};

const removeNamespace = async (removing: RemovalContext, namespace: KubeObject): Promise<void> => {
  const settled = await findSettled(removing, namespace.metadata.name);
  if (settled.length > 0) {
    const names = settled.slice(0, 3).map(describeRef).join(', ');
    const why = `others have ${settled.length} objects in it: ${names}${settled.length > 3 ? ', ...' : ''}`;
    removing.left.push({ what: describeRef(namespace), why });
    return;
  }
  await removeObject(removing, namespace);
  // its pods may take minutes to end: Envoy lets open connections finish
  const { apiVersion, kind, metadata } = namespace;
  await waitForRemoval(removing, {
    what: describeRef(namespace),
    selection: { apiVersion, kind, name: metadata.name },
  });
};

/** Removes the namespaces that this instance made, unless somebody else has put something there. */
export const removeNamespaces = async (removing: RemovalContext): Promise<void> => {
  for (const namespace of await listCreated(removing, { apiVersion: 'v1', kind: 'Namespace' })) {
    try {
      await removeNamespace(removing, namespace);
    } catch (error) {
      // such as an aggregated API that is down: what cannot be looked at might be somebody's
      if (!(error instanceof KubeError)) throw error;
      removing.left.push({ what: describeRef(namespace), why: `what is in it cannot be seen: ${messageOf(error)}` });
    }
  }
};
