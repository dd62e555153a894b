import { describeRef } from '../../lib/kube/shapes.ts';
import { podSecurityAnnotation, podSecurityOwner } from '../../model/labels.ts';
import { withoutPodSecurity } from '../../model/security/pod-security.ts';
import type { RemovalContext } from './objects.ts';

/** Takes back the Pod Security level that this instance set on namespaces that it did not create. */
export const removePodSecurity = async ({ kube, owner, restored }: RemovalContext): Promise<void> => {
  const kind = { apiVersion: 'v1', kind: 'Namespace' };
  const marked = (await kube.list(kind)).filter(
    ({ metadata }) => metadata.annotations?.[podSecurityAnnotation] === podSecurityOwner(owner),
  );
  for (const { metadata } of marked) {
    const ref = { ...kind, metadata: { name: metadata.name } };
    await kube.patch(ref, { metadata: withoutPodSecurity }, { type: 'merge' });
    restored.push(describeRef(ref));
  }
};
