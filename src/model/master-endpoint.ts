import { hostAndPort } from '../lib/host-and-port.ts';

export type TunnelKind = 'ssh' | 'ngrok';

/** Where tasks dial the master. */
export type MasterEndpoint = {
  readonly scheme: 'http' | 'https';
  /** As pods see it. */
  readonly host: string;
  readonly port: number;
  /** How it is reached: the host's own address, a tunnel that taskgate runs, or a URL from the user. */
  readonly via: 'direct' | TunnelKind | 'url';
};

/** The end of a tunnel that tasks dial. */
export type PublicAddress = Pick<MasterEndpoint, 'scheme' | 'host' | 'port'>;

/** Whether two addresses are the same for clients. */
export const isSameAddress = (a: PublicAddress, b: PublicAddress): boolean =>
  a.scheme === b.scheme && a.host === b.host && a.port === b.port;

/** An address as the origin of a URL: `http://host:8080`, with brackets around an IPv6 address. */
export const originOf = ({ scheme, host, port }: PublicAddress): string => `${scheme}://${hostAndPort({ host, port })}`;
