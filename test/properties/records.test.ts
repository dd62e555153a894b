import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { isStamp } from '../../src/artifacts/store/cache.ts';
import { tunnelDaemonsOf } from '../../src/daemon/find.ts';
import { findCurrentSpec } from '../../src/daemon/spec.ts';
import { findInstance, isTunnelOnly, setDamagedRecordAside } from '../../src/instance/instance.ts';
import { mergesOf } from '../../src/instance/merges.ts';
import { instanceDirOf, instancePaths } from '../../src/instance/paths.ts';
import { parseJson } from '../../src/lib/json.ts';
import { sharedFolder } from '../support/properties/folder.ts';
import { mutatedJson } from '../support/properties/mutations.ts';
import { property } from '../support/properties/property.ts';
import { records, tunnelSpec } from '../support/properties/records.ts';
import { bundleIndex } from '../support/properties/seeds.ts';
import { refused } from '../support/properties/shares.ts';

const folder = sharedFolder();

const write = async (name: 'recordPath' | 'tunnelSpecPath', text: string): Promise<void> => {
  const dir = instanceDirOf(folder(), 'dev');
  await mkdir(dir, { recursive: true });
  await writeFile(instancePaths(dir)[name], text);
};

property(
  'records: instance.json',
  mutatedJson(...records),
  async (text) => {
    await write('recordPath', text);
    const instance = await findInstance(folder(), 'dev');
    assert.ok(instance);
    const record = instance.record();
    assert.equal(typeof isTunnelOnly(instance), 'boolean');
    assert.ok(tunnelDaemonsOf(record).every(({ kind }) => kind === 'tunnels'));
    for (const { path, kubeContext } of mergesOf(record))
      assert.ok(typeof path === 'string' && typeof kubeContext === 'string');
  },
  { weight: 10, accepts: 0.26 },
);

property(
  'records: a damaged instance.json can be set aside',
  mutatedJson(...records),
  async (text) => {
    await write('recordPath', text);
    const said = await setDamagedRecordAside(folder(), 'dev');
    const instance = await findInstance(folder(), 'dev');
    assert.equal(instance === undefined, said !== undefined);
  },
  { weight: 10 },
);

property(
  'records: the spec of a tunnel daemon',
  mutatedJson(tunnelSpec),
  async (text) => {
    await write('tunnelSpecPath', text);
    const record = () => ({ journal: [{ kind: 'tunnels' }] }) as never;
    const spec = await findCurrentSpec({ dir: instanceDirOf(folder(), 'dev'), record });
    assert.equal(typeof spec?.instance, 'string');
  },
  { weight: 10, accepts: 0.33 },
);

property(
  'records: stamps of the cache',
  mutatedJson(bundleIndex.items.k),
  (text) => {
    const stamp = parseJson(text);
    if (!isStamp(stamp)) return refused;
    return assert.ok(stamp.files.every(({ sha256 }) => typeof sha256 === 'string'));
  },
  { accepts: 0.18 },
);
