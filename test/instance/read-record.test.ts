import { expect, test } from 'vitest';
import { parseRecord } from '../../src/instance/read-record.ts';
import { records } from '../support/properties/records.ts';

const good = { schema: 1, name: 'dev', provider: 'native', createdAt: 'x', journal: [] };
const read = (record: unknown) => () => parseRecord(JSON.stringify(record), '/state/dev');

test.each(records)('a record is read as it is', (record) => expect(read(record)()).toEqual(record));

test.each([
  null,
  [],
  { ...good, journal: undefined },
  { ...good, journal: [null] },
  { ...good, journal: [{ kind: 'toString' }] },
  { ...good, journal: [{ kind: 'link' }] },
  { ...good, journal: [{ kind: 'cgroups', paths: [1] }] },
  { ...good, journal: [{ kind: 'keeper', process: { pid: '1', startTicks: 1, bootId: 'b' } }] },
  { ...good, journal: [{ kind: 'tunnels' }] },
  { ...good, merged: { path: '/k' } },
  { ...good, mergedBefore: {} },
  { ...good, minikube: null },
  { ...good, name: 5 },
  { ...good, name: 'other' },
  { ...good, name: '' },
  { ...good, provider: 'nope' },
  { ...good, provider: 'toString' },
])('a damaged one is told, with the way out: %j', (record) => {
  expect(read(record)).toThrow('/state/dev/instance.json is damaged');
  expect(read(record)).toThrow(
    expect.objectContaining({
      id: 'environment.instance-damaged',
      hint: expect.stringContaining('taskgate down --force --name dev'),
    }),
  );
});

test.each([
  [2, '2'],
  [{ toString: 1 }, '{"toString":1}'],
  [undefined, 'undefined'],
])('another schema is told: %j', (schema, shown) => {
  expect(read({ ...good, schema })).toThrow(`/state/dev/instance.json has schema ${shown}, this taskgate knows 1`);
});
