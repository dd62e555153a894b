import type { Config } from '../config/config.ts';
import { isForeignCluster } from '../gateway/foreign/saved.ts';
import type { InstanceRecord } from '../instance/record.ts';
import { hostAndPort } from '../lib/host-and-port.ts';
import type { MasterEndpoint } from '../model/master-endpoint.ts';
import type { ClosedCheck } from '../proof/closed/closed.ts';
import { hostPathCheck } from '../proof/closed/host-path.ts';
import { hostPortCheck } from '../proof/closed/host-port.ts';
import { policyChecks } from '../proof/closed/network-policies.ts';
import { otherSource } from '../proof/closed/other-source.ts';
import { plainMaster } from '../proof/closed/plain-master.ts';
import { podSecurityOf } from './task-namespace.ts';

/** Settings that promise something; those of the last `up`, or of the one that runs. */
type Promised = { readonly native: Pick<Config['native'], 'egress'> } & Pick<Config, 'podSecurity'>;

/** What the last `up` promised, whatever the settings are today. An older taskgate recorded nothing, and closed nothing. */
export const promisedBy = ({ settings }: Pick<InstanceRecord, 'settings'>): Promised =>
  settings?.network
    ? {
        native: settings.native ?? { egress: 'all' },
        ...(settings.podSecurity && { podSecurity: settings.podSecurity }),
      }
    : { native: { egress: 'all' }, podSecurity: 'privileged' };

/** Where forwards are dialed, the node's address is not reached from here at all. */
const accessChecks = ({ gateway, publishedAddress }: InstanceRecord): readonly ClosedCheck[] => {
  if (!gateway?.allowFrom || gateway.address !== publishedAddress) return [];
  return [otherSource(gateway.address, gateway.allowFrom)];
};

/** A pod reaches the master's port of this host and no other. */
const egressChecks = ({ provider, cluster }: InstanceRecord, { native }: Promised): readonly ClosedCheck[] =>
  provider === 'native' && native.egress === 'master' && cluster?.hostAddress
    ? [hostPortCheck(cluster.hostAddress)]
    : [];

/** A level that taskgate sets: by itself in clusters that it made, elsewhere where the user asks for it. */
const podSecurityChecks = (record: InstanceRecord, promised: Promised): readonly ClosedCheck[] => {
  const level = podSecurityOf(promised, isForeignCluster({ record: () => record }));
  return level === undefined || level === 'privileged' ? [] : [hostPathCheck(level)];
};

export type ClosedInput = {
  readonly record: InstanceRecord;
  readonly settings: Promised;
  readonly master: MasterEndpoint;
  /** Whether tasks dial the master with the instance's own certificate. */
  readonly hasCertificate: boolean;
};

/** The negative proofs that the settings and the kind of cluster promise: each must fail to reach what it dials. */
export const closedChecksOf = ({ record, settings, master, hasCertificate }: ClosedInput): readonly ClosedCheck[] => [
  ...accessChecks(record),
  ...(hasCertificate ? [plainMaster(hostAndPort(master))] : []),
  ...egressChecks(record, settings),
  ...podSecurityChecks(record, settings),
  ...(record.networkPolicy ? policyChecks(record) : []),
];
