// Tested in test/lib/kube/http.test.ts
import { UserError } from '../errors.ts';
import { parseFields } from '../json.ts';

/** What to do about a refusal: the first pattern that the API server's words have. */
const hintsByWords: readonly (readonly [RegExp, string])[] = [
  [/exceeded quota|failed quota/, 'make room in that ResourceQuota, or use a namespace without one'],
  [
    /violates PodSecurity/,
    'let the namespace admit the pod: label it pod-security.kubernetes.io/enforce=baseline, or use another namespace',
  ],
  [
    /failed calling webhook/,
    'a webhook of the cluster does not answer: are its pods running? see: kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations',
  ],
  [
    /admission webhook|ValidatingAdmissionPolicy|denied the request/,
    'a rule of the cluster forbids it: have its administrator except what taskgate writes, or use another cluster',
  ],
  [/: a web page$/, 'does something else answer at its address, such as a login page or a proxy?'],
  [/because it is being terminated/, 'wait until the namespace is gone, then run the command again'],
];

const hintsByCode: Readonly<Record<number, string>> = {
  401: 'give the kubeconfig valid credentials of this cluster; see: kubectl auth whoami',
  403: 'the user of the kubeconfig needs that right: use one of an administrator of the cluster',
  404: 'does the cluster serve that kind? see: kubectl api-resources',
  409: 'something else changes the same object: run the command again; if it stays so, find that program',
  413: 'the cluster takes no objects of this size: raise the limit of what stands before its API server',
  415: 'the cluster is too old, or something before it changes requests: it must take server-side apply',
  422: 'the cluster takes another version of this kind than taskgate writes: see `docs/attach.md` for the versions',
  429: 'the cluster is overloaded: run the command again later',
};

const busy = 'the API server has trouble of its own: see its log and that of etcd, then run the command again';

const hintOf = (code: number, message: string): string =>
  hintsByWords.find(([words]) => words.test(message))?.[1] ??
  hintsByCode[code] ??
  (code >= 500 ? busy : 'fix what the API server reports, then run the command again');

/**
 * The API server's refusal: HTTP `code`, `reason` and message as in its `Status` object. It is a UserError, with the API
 * server's own words, so that no refusal anywhere can look like a bug in taskgate.
 */
export class KubeError extends UserError {
  override readonly name = 'KubeError';
  readonly code: number;
  readonly reason: string;

  constructor(code: number, reason: string, message: string) {
    super(message, { id: 'cluster.refused', hint: hintOf(code, message) });
    this.code = code;
    this.reason = reason;
  }
}

export const isNotFound = (error: unknown): boolean => error instanceof KubeError && error.code === 404;
export const isForbidden = (error: unknown): boolean => error instanceof KubeError && error.code === 403;
export const isAlreadyExists = (error: unknown): boolean =>
  error instanceof KubeError && error.code === 409 && error.reason === 'AlreadyExists';
export const isConflict = (error: unknown): boolean =>
  error instanceof KubeError && error.code === 409 && error.reason === 'Conflict';

const longestQuote = 500;

/** What was asked, and how it was answered. */
export type Refused = { readonly method: string; readonly path: string; readonly code: number; readonly text: string };

/** Words that say too little alone, such as `Unauthorized`. */
const isTerse = (said: string): boolean => !said.includes(' ');

const quote = (text: string): string => (/^<(!doctype|html)/i.test(text) ? 'a web page' : text.slice(0, longestQuote));

/** The refusal in an answer: of the API server a `Status` object, of a proxy or a login page any text. */
export const refusalOf = ({ method, path, code, text }: Refused): KubeError => {
  const { reason, message } = parseFields(text);
  const said = typeof message === 'string' ? message : quote(text.trim());
  const asked = `${method} ${path.split('?')[0]} is answered with HTTP ${code}`;
  const words = isTerse(said)
    ? `${asked}${said && `: ${said}`}`
    : typeof message === 'string'
      ? said
      : `${asked}: ${said}`;
  return new KubeError(code, typeof reason === 'string' ? reason : '', words);
};
