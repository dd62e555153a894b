/**
 * What follows `//`, without user and password. Where a URL parser finds a host, they are before the last `@` in front of it.
 * Where it finds none, as for a password with a slash in it, they may be all that is before the last `@`; and so where it
 * finds a port, since a password may begin like one: `u:12/secret@host`. A path or query may have another URL.
 */
const withoutUser = (rest: string): string => {
  const authority = /^[^/?#\\]*/.exec(rest)?.[0] ?? '';
  const isRead = URL.canParse(`http://${rest}`) && !/:\d*$/.test(authority);
  const [before, behind] = isRead ? [authority, rest.slice(authority.length)] : [rest, ''];
  const end = before.lastIndexOf('@');
  return `${end < 0 ? before : `***@${before.slice(end + 1)}`}${withoutPasswords(behind)}`;
};

/** The same for a list of URLs with commas; what stands before a comma and is no URL yet is the beginning of a password. */
const withoutUsers = (rest: string): string => {
  for (const { 0: comma, index } of rest.matchAll(/,(?:https?|socks\w*|ssh|wss?|file):\/\//gi)) {
    const first = withoutUser(rest.slice(0, index));
    if (URL.canParse(`http://${first}`)) return `${first}${comma}${withoutUsers(rest.slice(index + comma.length))}`;
  }
  return withoutUser(rest);
};

/** A text in which no URL has a user or password left. In JSON text a quote in a password is escaped, a space never. */
export const withoutPasswords = (text: string): string =>
  text.replaceAll(/\/\/((?:[^\s"\\]|\\\S)+)/g, (_, rest: string) => `//${withoutUsers(rest)}`);

/** Names of subcommands, such as `get-token`; of a password nobody knows how it looks, so there are two of them at most. */
const isSubcommand = (word: string): boolean => /^[a-z]{2,}(-[a-z]+)*$/.test(word);
const mostSubcommands = 2;

/** A flag without its value, such as `--client-secret=...`; undefined for a word that is none. A short one may have a value behind it. */
const flagOf = (word: string): string | undefined => {
  const [, name, value] = /^(--?[a-zA-Z][\w-]*)(=.*)?$/s.exec(word) ?? [];
  if (name === undefined) return undefined;
  if (/^-[^-]./.test(name) && value === undefined) return `${name.slice(0, 2)}...`;
  return value === undefined ? name : `${name}=...`;
};

/**
 * A command's arguments, for showing them: subcommands and names of flags. All else is `...`, whatever its flag is called, since any
 * word may be a secret.
 */
export const withoutValues = (args: readonly string[]): string[] => {
  const plain = args.findIndex((word) => !isSubcommand(word));
  const shown = Math.min(plain < 0 ? args.length : plain, mostSubcommands);
  return args.map((word, at) => (at < shown ? word : (flagOf(word) ?? '...')));
};
