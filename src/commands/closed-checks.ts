import type { InstanceRecord } from '../instance/record.ts';
import { hostAndPort } from '../lib/host-and-port.ts';
import type { MasterEndpoint } from '../model/master-endpoint.ts';
import type { ClosedCheck } from '../proof/closed/closed.ts';
import { otherSource } from '../proof/closed/other-source.ts';
import { plainMaster } from '../proof/closed/plain-master.ts';

/** Where forwards are dialed, the node's address is not reached from here at all. */
const accessChecks = ({ gateway, publishedAddress }: InstanceRecord): readonly ClosedCheck[] => {
  if (!gateway?.allowFrom || gateway.address !== publishedAddress) return [];
  return [otherSource(gateway.address, gateway.allowFrom)];
};

/**
 * The negative proofs that the settings and the kind of cluster promise: each must fail to reach what it dials.
 * Tested in test/e2e/closed.test.ts.
 */
export const closedChecksOf = (
  record: InstanceRecord,
  { host, port }: MasterEndpoint,
  hasCertificate: boolean,
): readonly ClosedCheck[] => [
  ...accessChecks(record),
  ...(hasCertificate ? [plainMaster(hostAndPort({ host, port }))] : []),
];
