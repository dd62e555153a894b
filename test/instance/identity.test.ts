import { expect, test } from 'vitest';
import { ensureInstanceId, identityOf, makeInstanceId } from '../../src/instance/identity.ts';
import { createInstance, findInstance } from '../../src/instance/instance.ts';
import type { InstanceRecord } from '../../src/instance/record.ts';
import { instanceRecord } from '../support/context.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

const id = /^[0-9a-f]{16}$/;
const cluster: InstanceRecord['cluster'] = {
  ...{ name: 'dev', provider: 'attach', kubeconfigPath: '/k', kubeContext: 'c' },
  ...{ nodeName: 'n', nodeAddress: '192.0.2.1', hostAddress: '192.0.2.2' },
};

/** The record of an older taskgate, after the next `up`. */
const upgraded = async (more: Partial<InstanceRecord>): Promise<InstanceRecord> => {
  let record = instanceRecord(more);
  const change = async (fields: Partial<InstanceRecord>): Promise<void> => {
    record = { ...record, ...fields };
  };
  await ensureInstanceId({ record: () => record, change });
  return record;
};

test('ids are random, and fit a label', () => {
  expect(makeInstanceId()).toMatch(id);
  expect(makeInstanceId()).not.toBe(makeInstanceId());
});

test('a new instance has one from its first record on, and keeps it', async () => {
  const stateDir = await temporaryDir();
  const { record, ...instance } = await createInstance(stateDir, { name: 'dev', provider: 'attach' });
  const first = record().instanceId;
  await ensureInstanceId({ record, ...instance });
  expect(first).toMatch(id);
  expect((await findInstance(stateDir, 'dev'))?.record().instanceId).toBe(first);
  expect(identityOf(record())).toEqual({ instance: 'dev', instanceId: first });
});

test('one of an older taskgate gets an id, and what it made without one stays its own', async () => {
  const record = await upgraded({ cluster });
  expect(identityOf(record)).toEqual({
    instance: 'dev',
    instanceId: expect.stringMatching(id),
    ownsUnmarked: true,
  });
  expect(identityOf(instanceRecord({ cluster }))).toEqual({ instance: 'dev' });
});

test('one that never had a cluster has made nothing without an id', async () => {
  expect(identityOf(await upgraded({}))).toEqual({ instance: 'dev', instanceId: expect.stringMatching(id) });
});
