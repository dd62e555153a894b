import type { Finding } from '../path.ts';
import { explainPodSecurity } from './pod-security.ts';

/** Why the API server admits no such object. `isFinal`: trying again changes nothing until somebody changes the cluster. */
export type AdmissionRefusal = Finding & { readonly isFinal: boolean };

/** Controllers create these a moment after the namespace. */
const transient = /looking up service account|serviceaccount "[^"]*" not found/;

type Rule = readonly [RegExp, hint: (match: RegExpExecArray) => string, isFinal?: false];

/** Words of kube-apiserver 1.34 (plugin/pkg/admission), the first that matches counts. */
const rules: readonly Rule[] = [
  [
    /failed quota: ([^:\s]+): must specify/,
    ([, quota]) =>
      `ResourceQuota ${quota} wants requests or limits of each pod: give the namespace a LimitRange with defaults, or change the quota`,
  ],
  [
    /exceeded quota: ([^,\s]+)/,
    ([, quota]) => `raise ResourceQuota ${quota} of the namespace, or end something that uses it up`,
  ],
  [
    /(?:minimum|maximum) \S+ usage per (?:Container|Pod)|limit to request ratio/,
    () => 'change the LimitRange of the namespace, so that it admits this pod',
  ],
  [
    /ValidatingAdmissionPolicy '([^']+)'/,
    ([, policy]) => `change ValidatingAdmissionPolicy ${policy}, or except the namespace from it`,
  ],
  [
    /admission webhook "([^"]+)" denied/,
    ([, webhook]) => `change the policy behind admission webhook ${webhook}, or except the namespace from it`,
  ],
  [
    /failed calling webhook "([^"]+)"/,
    ([, webhook]) =>
      `admission webhook ${webhook} does not answer: start what is behind it, or remove its configuration`,
    false,
  ],
  [/because it is being terminated/, () => 'the namespace is being deleted: wait until it is gone, then try again'],
  [
    /is forbidden|\bFailedCreate\b|is invalid/,
    () => 'make the namespace admit the pod: quota, Pod Security, admission policies',
  ],
];

/**
 * What a refusal of the API server to create a pod means, from its message or that of a FailedCreate event; undefined for
 * another message, and for one that ends by itself.
 */
export const explainAdmission = (message: string): AdmissionRefusal | undefined => {
  if (transient.test(message)) return undefined;
  const security = explainPodSecurity(message);
  if (security) return { ...security, cause: message, isFinal: true };
  for (const [pattern, hint, isFinal = true] of rules) {
    const match = pattern.exec(message);
    if (match) return { cause: message, hint: hint(match), isFinal };
  }
  return undefined;
};
