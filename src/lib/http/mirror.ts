import { basicAuthorization } from './credentials.ts';

/** A place of files on a web server. A function holds the credentials, so that no JSON, message or listing can show them. */
export type Mirror = {
  /** Without user, password and trailing slashes. */
  readonly url: string;
  /** The `Authorization` header, if the URL had a user or password. */
  readonly authorization?: () => string;
};

/** Takes user and password off a valid URL. */
export const parseMirror = (text: string): Mirror => {
  const url = new URL(text);
  const header = basicAuthorization(url);
  [url.username, url.password] = ['', ''];
  const place = url.href.replace(/\/+$/, '');
  return header === undefined ? { url: place } : { url: place, authorization: () => header };
};
