/** A host and a port as in a URL: with brackets around an IPv6 address. */
export const hostAndPort = ({ host, port }: { readonly host: string; readonly port: number | string }): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`;

/** The host of a URL without the brackets of an IPv6 address. */
export const withoutBrackets = (host: string): string => host.replace(/^\[(.+)\]$/, '$1');
