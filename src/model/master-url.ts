import { UserError } from '../lib/errors.ts';
import { withoutPasswords } from '../lib/redact.ts';
import type { MasterEndpoint } from './master-endpoint.ts';

/** Parses a URL of a master; with everything that is wrong with it, if anything is. */
export const parseMasterUrl = (text: string): MasterEndpoint | { readonly problems: readonly string[] } => {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text) || !URL.canParse(text))
    return { problems: [`'${withoutPasswords(text)}' is not a URL such as https://master.example:8443`] };
  const { protocol, hostname, port, pathname, search, hash, username, password } = new URL(text);
  const scheme = protocol.slice(0, -1);
  const unused = (what: string, value: string): string | false =>
    value !== '' && value !== '/' && `its ${what} ${value} has no meaning: a master has only scheme, host and port`;
  const problems = [
    scheme !== 'http' && scheme !== 'https' && `its scheme is ${scheme}, not http or https`,
    username + password !== '' && 'it has a user name or password, which must be left out',
    unused('path', pathname),
    unused('query', search),
    unused('fragment', hash),
    port === '0' && 'its port is 0',
  ].filter((problem) => problem !== false);
  if (problems.length > 0 || (scheme !== 'http' && scheme !== 'https')) return { problems };
  const host = hostname.replace(/^\[|\]$/g, '');
  return { scheme, host, port: Number(port) || (scheme === 'https' ? 443 : 80), via: 'url' };
};

export const masterUrlHint = 'give scheme, host and port only, such as https://master.example:8443';

/** Parses the URL in a setting. Throws UserError `usage.master-url` with everything that is wrong with it. */
export const getMasterUrl = (text: string, setting: string): MasterEndpoint => {
  const parsed = parseMasterUrl(text);
  if (!('problems' in parsed)) return parsed;
  throw new UserError(`${setting}: ${parsed.problems.join('; ')}`, { id: 'usage.master-url', hint: masterUrlHint });
};
