import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openTunnelJournal } from '../../src/daemon/journal.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

test('notes are events and lines of the log, other lines only the latter', async () => {
  const path = join(await temporaryDir(), 'tunnel.log');
  const { note, log, events } = openTunnelJournal(path);
  note('ssh tunnel starting');
  log('ssh: OpenSSH_9.2');
  note('ssh tunnel up');
  expect(events().map(({ number, text }) => [number, text])).toEqual([
    [1, 'ssh tunnel starting'],
    [2, 'ssh tunnel up'],
  ]);
  const lines = (await readFile(path, 'utf8')).trim().split('\n');
  expect(lines.map((line) => line.replace(/^\S+Z /, ''))).toEqual([
    'ssh tunnel starting',
    'ssh: OpenSSH_9.2',
    'ssh tunnel up',
  ]);
});

test('the last 100 events are kept, and their numbers go on', async () => {
  const { note, events } = openTunnelJournal(join(await temporaryDir(), 'tunnel.log'));
  for (let index = 1; index <= 103; index++) note(`event ${index}`);
  expect(events()).toHaveLength(100);
  expect(events().at(0)).toMatchObject({ number: 4, text: 'event 4' });
  expect(events().at(-1)).toMatchObject({ number: 103, text: 'event 103' });
});
