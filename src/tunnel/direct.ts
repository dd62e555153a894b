import type { Cluster } from '../model/cluster.ts';
import type { MasterEndpoint } from '../model/master-endpoint.ts';

export type WantedMaster = {
  readonly scheme: 'http' | 'https';
  readonly port: number;
  /** Only when it is not the host as pods see it. */
  readonly host?: string;
};

/** The way back without any tunnel: pods dial the host's own address. */
export const directEndpoint = ({ scheme, port, host }: WantedMaster, { hostAddress }: Cluster): MasterEndpoint => ({
  scheme,
  host: host ?? hostAddress,
  port,
  via: 'direct',
});
