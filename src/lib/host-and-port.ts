/** A host and a port as in a URL: with brackets around an IPv6 address. */
export const hostAndPort = ({ host, port }: { readonly host: string; readonly port: number | string }): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`;
