import { expect, test } from 'vitest';
import { judgeFull } from '../../../../src/commands/chaos/faults/disk.ts';

const record = JSON.stringify({ instanceId: 'abc', journal: [] });
const ended = (exitCode: number, stderr = '', left = record) => ({
  exitCode,
  stdout: `what it says\n--- the record as it is now ---\n${left}`,
  stderr,
});
const errorOf = (id: string) => `{"error":{"id":"${id}","message":"x"}}`;
const full = '{"error":{"id":"environment.state-folder","message":"the disk of /state is full"}}';

test.each([
  ['it said why, and the record is whole', ended(3, `note: something\n${full}`), true],
  ['it noted why, and went on', ended(0, 'note: ENOSPC: no space left on device, open x'), true],
  ['it needed no room', ended(0), false],
])('%s', (_, run, isTold) => {
  expect(judgeFull('up', run, { record })).toBe(isTold);
});

test.each([
  ['it ended as a bug', ended(70, 'Error: ENOSPC'), 'on a full disk up ended with 70: Error: ENOSPC'],
  ['the record is empty', ended(3, full, ''), 'on a full disk up has damaged the record: it is empty'],
  [
    'the record is cut',
    ended(3, full, '{"instanceId":"abc","jour'),
    'on a full disk up has damaged the record: {"instanceId":"abc","jour',
  ],
  [
    'the record is another',
    ended(3, full, '{"instanceId":"abd","journal":[]}'),
    'on a full disk up has damaged the record: {"instanceId":"abd","journal":[]}',
  ],
  [
    'another error hides it',
    ended(5, '{"error":{"id":"cluster.api","message":"x"}}'),
    'on a full disk up ended with 5: {"error":{"id":"cluster.api","message":"x"}}',
  ],
])('%s', (_, run, message) => {
  expect(() => judgeFull('up', run, { record })).toThrow(
    expect.objectContaining({ id: 'proof.not-recovered', message }),
  );
});

test('status writes nothing: what it finds of the cluster and its Gateway is no matter of the disk, a bug is', () => {
  expect(judgeFull('status', ended(5, errorOf('cluster.keeper-silent')), { record })).toBe(false);
  expect(judgeFull('status', ended(6, errorOf('gateway.not-programmed')), { record })).toBe(false);
  expect(() => judgeFull('status', ended(70, 'Error: ENOSPC'), { record })).toThrow('status ended with 70');
});

test.each([
  'environment.instance-damaged',
  'usage.config',
  'tunnel.bug',
])('a status that ends with %s on a full disk hides no damage, unless it said so just before', (id) => {
  const judge = (former?: string) => judgeFull('status', ended(3, errorOf(id)), { record, former });
  expect(() => judge()).toThrow('on a full disk status ended with 3');
  expect(() => judge('tunnel.stopped')).toThrow('on a full disk status ended with 3');
  expect(judge(id)).toBe(false);
});

test('what up said before is no way out for it', () => {
  expect(() => judgeFull('up', ended(5, errorOf('cluster.api')), { record, former: 'cluster.api' })).toThrow(
    'ended with 5',
  );
});
