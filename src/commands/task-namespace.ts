import type { Config } from '../config/config.ts';
import { isForeignCluster } from '../gateway/foreign/saved.ts';
import { identityOf } from '../instance/identity.ts';
import type { Instance } from '../instance/instance.ts';
import type { Kube } from '../lib/kube/client.ts';
import { ensureNamespace } from '../lib/kube/namespace.ts';
import type { KubeObject } from '../lib/kube/types.ts';
import { ownerLabels, podSecurityAnnotation, podSecurityOwner } from '../model/labels.ts';
import { type PodSecurityLevel, podSecurityLabel, withoutPodSecurity } from '../model/security/pod-security.ts';

/** The level for the task namespace; undefined where it is somebody else's business. */
export const podSecurityOf = (config: Pick<Config, 'podSecurity'>, isForeign: boolean): PodSecurityLevel | undefined =>
  config.podSecurity ?? (isForeign ? undefined : 'baseline');

type Namespace = { readonly instance: Instance; readonly kube: Kube };

const namespaceRef = (name: string) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });

/** What is to be changed on a namespace; a level that another set on a foreign cluster stays. */
const changeOf = ({ metadata }: KubeObject, level: PodSecurityLevel | undefined, owner: string | undefined) => {
  const present = metadata.labels?.[podSecurityLabel];
  const isOurs = owner !== undefined && metadata.annotations?.[podSecurityAnnotation] === owner;
  // asked for by an earlier `up`, and no longer
  if (level === undefined) return isOurs ? withoutPodSecurity : undefined;
  if (present === level) return undefined;
  if (owner === undefined) return { labels: { [podSecurityLabel]: level } };
  if (present !== undefined && !isOurs) return undefined;
  return { labels: { [podSecurityLabel]: level }, annotations: { [podSecurityAnnotation]: owner } };
};

/**
 * Creates the task namespace where it is missing, and has it refuse pods that violate the level of the settings. On a
 * cluster that taskgate did not create only a level that the user asked for, marked so that `down`, or an `up` that is not
 * asked for it any more, takes it back.
 */
export const ensureTaskNamespace = async (
  { instance, kube }: Namespace,
  config: Config,
  warn: (text: string) => void,
): Promise<void> => {
  const { taskNamespace } = config.master;
  // the master refuses to start where its default namespace is missing; `down` finds one made here by its label
  const owner = identityOf(instance.record());
  await ensureNamespace(kube, taskNamespace, ownerLabels(owner));
  const isForeign = isForeignCluster(instance);
  const level = podSecurityOf(config, isForeign);
  const namespace = await kube.get(namespaceRef(taskNamespace));
  const change = changeOf(namespace, level, isForeign ? podSecurityOwner(owner) : undefined);
  if (change) await kube.patch(namespaceRef(taskNamespace), { metadata: change }, { type: 'merge' });
  const present = namespace.metadata.labels?.[podSecurityLabel];
  if (level === undefined) return;
  if (change && isForeign) warn(`namespace ${taskNamespace} now refuses pods that violate Pod Security ${level}`);
  if (!change && present !== level) {
    warn(`namespace ${taskNamespace} keeps Pod Security ${present}, which taskgate did not set; wanted ${level}`);
  }
};
