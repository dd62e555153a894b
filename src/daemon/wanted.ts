import { isDeepStrictEqual } from 'node:util';
import type { ForwardSpec, TunnelDaemonSpec, TunnelSpec } from '../instance/tunnels.ts';

/** The tunnel and the forwards that an instance should have. */
export type WantedTunnels = {
  readonly tunnel?: Pick<TunnelSpec, 'driver' | 'master' | 'timings' | 'staysIfPrivate'> & {
    /** Hours until it expires. */
    readonly ttlHours?: number;
  };
  readonly forward?: ForwardSpec & {
    /** Hours until they expire; those that go on have their time already. */
    readonly ttlHours?: number;
  };
};

/** Whether a daemon with this spec runs what is wanted; its time of expiry may differ. */
export const isAsWanted = ({ tunnel, forward }: TunnelDaemonSpec, wanted: WantedTunnels): boolean => {
  const core = (one: WantedTunnels['tunnel'] | TunnelSpec) =>
    one && { driver: one.driver, master: one.master, timings: one.timings };
  const ports = (one: WantedTunnels['forward']) => one && { ...one, until: null, boot: null, ttlHours: null };
  // as JSON has it: a setting that is left out and one that is undefined are the same
  const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null));
  return isDeepStrictEqual(plain([core(tunnel), ports(forward)]), plain([core(wanted.tunnel), ports(wanted.forward)]));
};
