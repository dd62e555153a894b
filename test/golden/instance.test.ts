import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { asJson, golden, temporaryFolder } from '../support/golden/files.ts';
import { kinds, openInstance, records } from '../support/golden/open-instance.ts';
import { journalled, native } from '../support/golden/records.ts';
import { createInstance, type InstanceRecord, isTunnelOnly } from '../support/golden/source.ts';

describe.each(kinds)('an instance.json of today: %s', (kind) => {
  test('is what its type says', async () => {
    const { text, instance } = await openInstance(kind);
    expect(JSON.parse(text)).toEqual(records[kind]);
    expect(instance.record()).toEqual(records[kind]);
    expect(isTunnelOnly(instance)).toBe(kind === 'tunnel-only');
  });

  test('is written again byte by byte', async () => {
    const { text, instance, onDisk } = await openInstance(kind);
    await instance.change({});
    expect(await onDisk()).toBe(text);
  });

  test('goes on with what happens to it', async () => {
    const { text, instance, onDisk } = await openInstance(kind);
    const link = { kind: 'link', name: 'tg-00000000' } as const;
    await instance.journal(link);
    const journal: InstanceRecord['journal'] = records[kind].journal;
    expect(await onDisk()).toBe(asJson({ ...records[kind], journal: [...journal, link] }));
    await instance.forget(link);
    expect(await onDisk()).toBe(text);
    for (const resource of instance.record().journal.toReversed()) await instance.forget(resource);
    await instance.change({ createdAt: '2027-01-01T00:00:00.000Z' });
    expect(await onDisk()).toBe(asJson({ ...records[kind], createdAt: '2027-01-01T00:00:00.000Z', journal: [] }));
  });
});

test('a native instance from its first record to its last', async () => {
  const stateDir = await temporaryFolder();
  const { name, provider, cidr, createdAt, instanceId } = native;
  const instance = await createInstance(stateDir, { name, provider, cidr });
  const onDisk = () => readFile(join(instance.dir, 'instance.json'), 'utf8');
  const begun = golden('instances/native-begun.json');
  const { createdAt: now, instanceId: random = '' } = instance.record();
  expect(random).toMatch(/^[0-9a-f]{16}$/);
  expect((await onDisk()).replace(now, createdAt).replace(random, instanceId)).toBe(begun);
  for (const resource of native.journal) await instance.journal(resource);
  const {
    cluster,
    merged,
    mergedBefore,
    publishedAddress,
    gateway,
    master,
    settings,
    given,
    clusterId,
    masterRoot,
    proven,
    masterProven,
    ownsUnmarked,
    unfinished,
  } = native;
  await instance.change({ createdAt, instanceId, cluster });
  await instance.change({ merged, mergedBefore });
  await instance.change({ publishedAddress });
  await instance.change({ gateway, master, settings, given, clusterId, masterRoot });
  await instance.change({ proven });
  await instance.change({ masterProven });
  await instance.change({ ownsUnmarked });
  await instance.change({ unfinished });
  expect(await onDisk()).toBe(golden('instances/native.json'));
});

test('the golden files have every kind that a journal can hold', () => {
  const found = kinds.flatMap((kind) => records[kind].journal.map((resource) => resource.kind));
  expect(new Set(found)).toEqual(new Set(Object.keys(journalled)));
});
