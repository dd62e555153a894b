/** A place of files on a web server. A function holds the credentials, so that no JSON, message or listing can show them. */
export type Mirror = {
  /** Without user, password and trailing slashes. */
  readonly url: string;
  /** The `Authorization` header, if the URL had a user or password. */
  readonly authorization?: () => string;
};

/** A `%` that begins no escape stands for itself. */
const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** Takes user and password off a valid URL. */
export const parseMirror = (text: string): Mirror => {
  const url = new URL(text);
  const { username, password } = url;
  [url.username, url.password] = ['', ''];
  const place = url.href.replace(/\/+$/, '');
  if (!username && !password) return { url: place };
  const credentials = Buffer.from(`${decode(username)}:${decode(password)}`);
  const header = `Basic ${credentials.toString('base64')}`;
  return { url: place, authorization: () => header };
};
