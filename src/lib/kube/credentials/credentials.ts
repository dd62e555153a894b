import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { messageOf } from '../../errors.ts';
import { asText, itemsOf } from '../../json.ts';
import { type Entry, isEntry, kubeconfigError } from '../kubeconfig/parse.ts';
import { type ClientCertificate, type ExecContext, execCredentials } from './exec.ts';

/** The credentials of a user of a kubeconfig. Asked for each request and each connection. */
export type Credentials = {
  readonly headers: () => Promise<Readonly<Record<string, string>>>;
  readonly certificate: () => Promise<ClientCertificate>;
  /** After the API server has refused them (401): false if there are no others to be had. */
  readonly renew: () => boolean;
};

export const textIn = (body: Entry, key: string): string | undefined => {
  const value = body[key];
  return typeof value === 'string' && value !== '' ? value : undefined;
};

const readPem = (path: string, what: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw kubeconfigError(`kubeconfig: cannot read a certificate of ${what}: ${messageOf(error)}`, rewrite, error);
  }
};

const rewrite = 'write it again with `kubectl config view --minify --flatten --context NAME`';

/**
 * The PEM text of `client-key` and its like: base64 in `client-key-data`, else the file that it names, from the working
 * directory as Determined's master finds it. Throws UserError `usage.kubeconfig` for anything else.
 */
export const pemIn = (body: Entry, name: string, what: string): string | undefined => {
  const key = `${name}-data`;
  const [value, path] = [textIn(body, key), textIn(body, name)];
  if (value === undefined) return path === undefined ? undefined : readPem(path, what);
  const text = Buffer.from(value, 'base64').toString('utf8');
  if (/^[\sA-Za-z0-9+/=]*$/.test(value) && text.includes('-----BEGIN ')) return text;
  throw kubeconfigError(`kubeconfig: ${key} of ${what} is no PEM text in base64`, rewrite);
};

const impersonation = (body: Entry): readonly (readonly [string, string])[] => {
  const extra = isEntry(body['as-user-extra']) ? body['as-user-extra'] : {};
  const [user, uid] = [textIn(body, 'as'), textIn(body, 'as-uid')];
  return [
    ...(user === undefined ? [] : [['Impersonate-User', user] as const]),
    ...(uid === undefined ? [] : [['Impersonate-Uid', uid] as const]),
    ...itemsOf(body['as-groups']).map((group) => ['Impersonate-Group', asText(group)] as const),
    ...Object.entries(extra).flatMap(([key, values]) =>
      itemsOf(values).map(
        (value) => [`Impersonate-Extra-${encodeURIComponent(key.toWellFormed())}`, asText(value)] as const,
      ),
    ),
  ];
};

/** Several groups are several headers of one name, which undici takes as a list. */
const joined = (pairs: readonly (readonly [string, string])[]): Readonly<Record<string, string>> => {
  const names = [...new Set(pairs.map(([name]) => name))];
  return Object.fromEntries(
    names.map((name) => [name, pairs.flatMap(([one, value]) => (one === name ? [value] : []))]),
  ) as never;
};

/** RFC 9110, 5.5; what is sent byte by byte has no others. */
const isSendable = (value: string): boolean => /^[\t\x20-\x7e\x80-\xff]*$/.test(value);

/** A token that was pasted with its line break, or a name in another script. The value may be a secret, so it is not quoted. */
const verifySendable = (headers: Readonly<Record<string, string>>, what: string): Readonly<Record<string, string>> => {
  for (const [name, values] of Object.entries(headers)) {
    if ([values].flat().every(isSendable)) continue;
    throw kubeconfigError(
      `kubeconfig: ${what} has a character in ${name} that no HTTP header can have, such as a line break`,
      'write the token, or the name, again on one line',
    );
  }
  return headers;
};

const readToken = async (path: string): Promise<string> => {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    throw kubeconfigError(
      `kubeconfig: cannot read the token file ${path}: ${messageOf(error)}`,
      'is what writes it running? or give the context a user with a token of its own',
      error,
    );
  }
};

/** What the user's own words are: a token in a file wins over one in the kubeconfig, as in client-go. */
const authorizationOf = (body: Entry): (() => Promise<string | undefined>) => {
  const [path, token] = [textIn(body, 'tokenFile'), textIn(body, 'token')];
  if (path !== undefined) return async () => `Bearer ${await readToken(path)}`;
  if (token !== undefined) return async () => `Bearer ${token}`;
  const name = textIn(body, 'username');
  if (name === undefined) return async () => undefined;
  const basic = Buffer.from(`${name}:${textIn(body, 'password') ?? ''}`).toString('base64');
  return async () => `Basic ${basic}`;
};

const noAuthProvider = (name: string): Error =>
  kubeconfigError(
    `kubeconfig: user '${name}' has an auth-provider, which kubectl has not known since v1.26`,
    'make the context again with the current tool of its cloud, which writes an exec plugin; or give it a token',
  );

/**
 * The credentials of a user: certificate, token, token file, password, exec plugin and impersonation, with client-go's order
 * of precedence. Throws UserError `usage.kubeconfig` for those that cannot be used, and for an exec plugin unless `exec` says
 * how it is run.
 */
export const credentialsOf = (name: string, body: Entry, exec: ExecContext | undefined): Credentials => {
  if (isEntry(body['auth-provider'])) throw noAuthProvider(name);
  const what = `user '${name}'`;
  const [cert, key] = ['client-certificate', 'client-key'].map((field) => pemIn(body, field, what));
  const own = { ...(cert !== undefined && { cert }), ...(key !== undefined && { key }) };
  const impersonated = joined(impersonation(body));
  const authorize = authorizationOf(body);
  const plugin = isEntry(body.exec) ? execCredentials(name, body.exec, exec) : undefined;
  return {
    headers: async () => {
      const authorization = (await authorize()) ?? (await plugin?.get())?.authorization;
      return verifySendable(
        { ...impersonated, ...(authorization !== undefined && { Authorization: authorization }) },
        what,
      );
    },
    certificate: async () => ({ ...own, ...(await plugin?.get())?.certificate }),
    renew: () => plugin?.renew() ?? false,
  };
};
