import { expect, test } from 'vitest';
import { isUnreached, masterUnreached } from '../../../../src/proof/real-master/rules/address.ts';
import type { Sighting } from '../../../../src/proof/real-master/rules/rule.ts';
import { gateway } from '../../../support/proof/local-path.ts';

const seen = (logs: readonly string[], exitStatus = ''): Sighting => ({
  ...{ state: 'STATE_RUNNING', exitStatus, logs, taskId: 'a', hasSpoken: false, resourcePool: 'default', pools: [] },
  ...{ pods: [], runsForMs: 0, jobsIn: ['default'], absentForMs: 0, events: [], nodes: [] },
  ...{ namespace: 'default', gateway, version: '0.38.1' },
});

const unable = 'Unable to reach the master at DET_MASTER=http://junkmaster:8080.';

// the first is recorded; the second is of determined's own e2e test for an unreachable master_host, whose advice names no reason
test.for([
  [`${unable} The connection to the master was refused`, 'connection refused'],
  [
    `${unable}  This may be due to an address resolution problem, a certificate problem, a firewall problem, a proxy problem, or some other networking error.`,
    'no connection',
  ],
  [`${unable} urlopen error [Errno -2] Name or service not known`, 'the name does not resolve'],
  [`${unable} [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed`, 'its certificate is not trusted'],
  [`${unable} [SSL: WRONG_VERSION_NUMBER]`, 'the connection is closed: another scheme, http or https, is spoken there'],
  [`${unable} timed out`, 'no answer'],
  [`${unable} [Errno 113] No route to host`, 'no route'],
] as const)('%s', ([line, why]) => {
  expect(masterUnreached.find(seen(['was assigned to an agent', line]))?.cause).toBe(
    `the task could not reach the master at its DET_MASTER http://junkmaster:8080 (${why})`,
  );
});

test.for([
  ['container failed with non-zero exit code: 80', [], true],
  ['something (exit code 80)', ['failed to ship logs to master', 'ship_logs.py crashed!'], true],
  ['something (exit code 80)', ['ship_logs.py crashed!'], false],
  ['exit code 800', [], false],
  ['exit code 1', [], false],
  ['80 listeners', [], false],
] as const)('%s with %j: %s', ([exitStatus, logs, is]) => {
  expect(isUnreached({ exitStatus, logs })).toBe(is);
});
