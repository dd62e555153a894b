import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { removeUnbegun } from '../../../../src/commands/up/ending/remove-unbegun.ts';
import type { InstanceRecord } from '../../../../src/instance/record.ts';
import { Interrupted } from '../../../../src/lib/process/interrupted.ts';
import { begunUp } from '../../../support/up-context.ts';

type Given = {
  readonly record?: Partial<InstanceRecord>;
  readonly files?: readonly string[];
  readonly hasCluster?: boolean;
  readonly reason?: unknown;
  /** Of the run, after the instance was made. */
  readonly startedMs?: number;
};

/** What a run that failed leaves of its instance's folder; undefined where the folder is gone. */
const leftBy = async ({ record = {}, files = [], hasCluster, reason, startedMs = 0 }: Given) => {
  const { up, instance, cluster } = await begunUp({ record });
  if (hasCluster) await instance.change({ cluster });
  for (const name of files) {
    await mkdir(dirname(join(instance.dir, name)), { recursive: true });
    await writeFile(join(instance.dir, name), '{}');
  }
  const startedAt = new Date(Date.parse(instance.record().createdAt) + startedMs);
  const signal = reason === undefined ? up.signal : AbortSignal.abort(reason);
  await removeUnbegun({ context: { ...up, signal, startedAt }, result: { instance }, stages: [], notes: [] });
  return readdir(instance.dir).catch(() => undefined);
};

test('an instance in which nothing was begun goes', async () => expect(await leftBy({})).toBeUndefined());

test('its logs stay, since the error names them; not where the user has interrupted it', async () => {
  const files = ['logs/etcd.log'];
  expect(await leftBy({ files })).toEqual(['logs']);
  expect(await leftBy({ files, reason: new Error('too late') })).toEqual(['logs']);
  expect(await leftBy({ files, reason: new Interrupted('SIGINT') })).toBeUndefined();
});

test.each<[string, Given]>([
  // the undo of the step that made the link has failed
  ['its journal names a link that is there', { record: { journal: [{ kind: 'link', name: 'tg-01234567' }] } }],
  [
    'it was interrupted, and its journal names a link',
    {
      record: { journal: [{ kind: 'link', name: 'tg-01234567' }] },
      reason: new Interrupted('SIGINT'),
    },
  ],
  ['it has a cluster', { hasCluster: true }],
  ["it has changed somebody else's cluster", { record: { provider: 'attach' }, files: ['before.json'] }],
  ['it was there before the run, by a millisecond', { startedMs: 1 }],
])('it stays as it is where %s', async (_, given) => {
  expect(await leftBy(given)).toEqual(expect.arrayContaining(['instance.json', 'kubeconfig']));
});

test("a cluster of somebody else's that was only looked at has nothing of ours", async () =>
  expect(await leftBy({ record: { provider: 'attach' }, hasCluster: true })).toBeUndefined());
