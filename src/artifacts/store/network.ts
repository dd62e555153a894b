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

/** After a network error another source is tried; any other error is a bug. */
export const asSourceError = (error: unknown): unknown =>
  error instanceof HttpError ? sourceError(messageOf(error), error) : error;

/** The mirror's credentials, for what is on the mirror. A redirect to another host does not get them. */
const credentialsFor = (url: string, mirror: Mirror | undefined): Readonly<Record<string, string>> =>
  mirror?.authorization && url.startsWith(`${mirror.url}/`) ? { authorization: mirror.authorization() } : {};

export const makeNetwork = ({ mirror, ...options }: NetworkOptions, signal: AbortSignal): Network => {
  const unreachable = new Map<string, HttpError>();
  const request: Network['request'] = async (url, headers = {}) => {
    const { host } = new URL(url);
    const known = unreachable.get(host);
    if (known) throw known;
    try {
      return await httpRequest(url, { ...options, signal, headers: { ...headers, ...credentialsFor(url, mirror) } });
    } catch (error) {
      if (error instanceof HttpError && error.trouble === 'unreachable') unreachable.set(host, error);
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
