import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { findVersionNote } from '../../../src/commands/master-root/version.ts';
import { ownMasterTarget } from '../../../src/commands/status/own-master.ts';
import type { InstanceRecord } from '../../../src/instance/record.ts';
import { findMasterInfo } from '../../../src/proof/probe/master-info.ts';
import { instanceRecord } from '../../support/context.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

/** What answers `/info` as a master of this version does. */
const masterOf = async (version: string) => {
  const server = createServer((_, response) => response.end(JSON.stringify({ cluster_id: 'a', version })));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { address: `127.0.0.1:${port}`, info: await findMasterInfo({ host: '127.0.0.1', port }) };
};

const instanceWith = async (wheels: readonly string[]) => {
  const masterRoot = await temporaryDir();
  await mkdir(join(masterRoot, 'wheels'));
  for (const version of wheels) await writeFile(join(masterRoot, `wheels/determined-${version}-py3-none-any.whl`), '');
  return { masterRoot, record: () => instanceRecord({ masterRoot }) };
};

test('a master of another version than the wheel is told with the way to get the right one', async () => {
  const target = await masterOf('0.37.0');
  const instance = await instanceWith(['0.38.1']);
  expect(await findVersionNote(instance, target)).toBe(
    `the master at ${target.address} has version 0.37.0, but ${instance.masterRoot}/wheels has no wheel of determined 0.37.0, only of 0.38.1: ` +
      'tasks whose image lacks the package do not start; to get it: taskgate up --name dev --master-version 0.37.0',
  );
});

test('nothing is said where its wheel is there, no master answers, or the root is not known here', async () => {
  const target = await masterOf('0.37.0');
  expect(await findVersionNote(await instanceWith(['0.38.1', '0.37.0']), target)).toBeUndefined();
  expect(await findVersionNote(await instanceWith([]), { address: '127.0.0.1:1' })).toBeUndefined();
  expect(await findVersionNote({ record: () => instanceRecord() }, target)).toBeUndefined();
  expect(await findVersionNote({ record: () => instanceRecord({ masterRoot: '/nowhere' }) }, target)).toBeUndefined();
});

test.each<[string, InstanceRecord['master'], { host: string; port: number }]>([
  [
    'at an address of its own',
    { scheme: 'https', host: 'm.example', port: 443, via: 'url' },
    { host: 'm.example', port: 443 },
  ],
  ['behind a tunnel', { scheme: 'http', host: 'jump', port: 1, via: 'ssh' }, { host: '127.0.0.1', port: 8080 }],
  ['not known yet', undefined, { host: '127.0.0.1', port: 8080 }],
])('a master %s', (_, master, target) => {
  expect(ownMasterTarget({ record: () => instanceRecord(master && { master }) }, { port: 8080 })).toEqual(target);
});
