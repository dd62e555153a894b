import { isLoopback } from '../lib/cidr.ts';
import type { Mirror } from '../lib/http/mirror.ts';

type Finding = {
  readonly severity: 'error';
  readonly path: 'mirror' | 'bundle';
  readonly message: string;
  readonly hint: string;
};

const isThisHost = (hostname: string): boolean => isLoopback(hostname.replace(/^\[(.+)\]$/, '$1'));

const error = (path: Finding['path'], message: string, hint: string): Finding => ({
  severity: 'error',
  ...{ path, message, hint },
});

/** `https://host/x`, `git@host:x`; a password in it would be in messages. A path that begins with `./` is none of them. */
export const isRemote = (bundle: string): boolean =>
  /^[a-z][a-z0-9+.-]*:\/\//i.test(bundle) || /^[^/]*@[^/]*:/.test(bundle);

/** What no message repeats, since it may have a password in it. */
export const remoteBundle = {
  message: 'is not a folder',
  hint: 'name a folder on this machine; a bundle on a web server is found by --mirror and --bundle-digest',
} as const;

type Origins = { readonly mirror?: Mirror; readonly trustMirror: boolean; readonly bundle?: string };

/** What is wrong with the places of files. Without https, who is on the way could change what root runs. */
export const findOriginProblems = ({ mirror, trustMirror, bundle }: Origins): readonly Finding[] => {
  const { protocol, hostname, search, hash } = new URL(mirror?.url ?? 'https://none');
  return [
    ...(protocol === 'http:' && !isThisHost(hostname) && !trustMirror
      ? [error('mirror', `is plain http to ${hostname}`, 'use https, or accept it by --trust-mirror true')]
      : []),
    ...(search || hash ? [error('mirror', 'has a query or a fragment', 'give scheme, host and path only')] : []),
    ...(bundle !== undefined && isRemote(bundle) ? [error('bundle', remoteBundle.message, remoteBundle.hint)] : []),
  ];
};
