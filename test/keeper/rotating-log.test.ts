import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openRotatingLog } from '../../src/keeper/rotating-log.ts';

test('past the limit the file is set aside once and a new one begins', async () => {
  const path = join(await mkdtemp(join(tmpdir(), 'tg-')), 'a.log');
  const log = openRotatingLog(path, 10);
  for (const text of ['0123456789', 'abc']) log.write(Buffer.from(text));
  log.close();
  expect(await readFile(`${path}.1`, 'utf8')).toBe('0123456789');
  expect(await readFile(path, 'utf8')).toBe('abc');
});
