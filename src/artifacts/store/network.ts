import { certificateProblems } from '../../lib/certificate-problems.ts';
import { ownValue } from '../../lib/defined.ts';
import { messageOf, UserError } from '../../lib/errors.ts';
import {
  discardBody,
  HttpError,
  type HttpOptions,
  type HttpResponse,
  httpRequest,
  readBytes,
} from '../../lib/http/http.ts';
import type { Mirror } from '../../lib/http/mirror.ts';
import { untrustedId } from './failure.ts';

/** Certificate authorities, proxy and timeouts, and the mirror, whose requests get its credentials. */
export type NetworkOptions = Omit<HttpOptions, 'signal' | 'headers'> & { readonly mirror?: Mirror };

/** Requests of one run. A host that was unreachable once is not tried again. */
export type Network = {
  readonly request: (url: string, headers?: Readonly<Record<string, string>>) => Promise<HttpResponse>;
  /** A small response; throws a UserError unless its status is 200. */
  readonly getText: (url: string, headers?: Readonly<Record<string, string>>) => Promise<string>;
  readonly signal: AbortSignal;
};

/** Why a source cannot provide an item, for the list of sources that were tried. */
export const sourceError = (message: string, cause?: unknown): UserError =>
  new UserError(message, {
    id: 'artifact.unavailable',
    hint: 'check the network, or give --mirror or --bundle',
    cause,
  });

/** `404 Not Found from https://…`, unless the status is one of these. */
export const verifyStatus = (response: HttpResponse, expected: readonly number[] = [200]): void => {
  const { url, status, statusText } = response;
  if (expected.includes(status)) return;
  discardBody(response);
  throw sourceError(`${status} ${statusText} from ${url.origin}${url.pathname}`);
};

const trustHint =
  "is a proxy of your company in between? Have its CA trusted: NODE_EXTRA_CA_CERTS=CA.pem, or NODE_OPTIONS=--use-system-ca where this machine has it; the go command's by SSL_CERT_FILE=CA.pem";

/** Whether the connection failed since the server's certificate is signed by nobody whom Node.js trusts. */
const isUntrusted = ({ cause }: HttpError): boolean => {
  const [first] = cause instanceof AggregateError ? cause.errors : [cause];
  const code = first instanceof Error && 'code' in first ? String(first.code) : '';
  return ownValue(certificateProblems, code) !== undefined;
};

/** After a network error another source is tried; any other error is a bug. */
export const asSourceError = (error: unknown): unknown => {
  if (!(error instanceof HttpError)) return error;
  if (!isUntrusted(error)) return sourceError(messageOf(error), error);
  return new UserError(messageOf(error), { id: untrustedId, hint: trustHint, cause: error });
};

const isOnMirror = (url: string, mirror: Mirror | undefined): boolean =>
  mirror !== undefined && url.startsWith(`${mirror.url}/`);

/** No other source is tried then: the user named this one. */
const untrustedMirror = (error: HttpError): UserError =>
  new UserError(`the mirror is not trusted: ${messageOf(error)}`, {
    id: 'artifact.untrusted-mirror',
    hint: trustHint,
    cause: error,
  });

/** The mirror's credentials, for what is on the mirror. A redirect to another host does not get them. */
const credentialsFor = (url: string, mirror: Mirror | undefined): Readonly<Record<string, string>> =>
  mirror?.authorization && isOnMirror(url, mirror) ? { authorization: mirror.authorization() } : {};

export const makeNetwork = ({ mirror, ...options }: NetworkOptions, signal: AbortSignal): Network => {
  const unreachable = new Map<string, HttpError>();
  const request: Network['request'] = async (url, headers = {}) => {
    const { host } = new URL(url);
    const known = unreachable.get(host);
    if (known) throw known;
    try {
      return await httpRequest(url, { ...options, signal, headers: { ...headers, ...credentialsFor(url, mirror) } });
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      if (isOnMirror(url, mirror) && isUntrusted(error)) throw untrustedMirror(error);
      if (error.trouble === 'unreachable') unreachable.set(host, error);
      throw error;
    }
  };
  const getText: Network['getText'] = async (url, headers) => {
    try {
      const response = await request(url, headers);
      verifyStatus(response);
      return (await readBytes(response, signal)).toString('utf8');
    } catch (error) {
      throw asSourceError(error);
    }
  };
  return { request, getText, signal };
};
