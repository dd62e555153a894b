/** A `%` that begins no escape stands for itself. */
const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** The `Authorization` header for the user and password in a URL; undefined if there are none. */
export const basicAuthorization = ({ username, password }: URL): string | undefined => {
  if (!username && !password) return undefined;
  return `Basic ${Buffer.from(`${decode(username)}:${decode(password)}`).toString('base64')}`;
};
