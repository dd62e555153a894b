import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadDigests } from '../../../src/artifacts/store/digests.ts';
import { failureOf } from '../../support/failure-of.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

test('remembers the first digest over runs and refuses another', async () => {
  const dir = await temporaryDir();
  const first = await loadDigests(dir);
  await Promise.all([first.remember('a', '11'), first.remember('b', '22')]);
  const second = await loadDigests(dir);
  await second.remember('a', '11');
  const error = await failureOf(second.remember('b', '33'));
  expect(error).toMatchObject({
    id: 'artifact.digest-changed',
    message: 'b has changed: sha256 33 is offered, 22 was seen first',
    hint: expect.stringContaining('digests.json'),
  });
});

test.each(['{', '', 'null', '[]', '{"a":1}'])('a damaged file of them is named: %s', async (text) => {
  const dir = await temporaryDir();
  await writeFile(join(dir, 'digests.json'), text);
  expect(await failureOf(loadDigests(dir))).toMatchObject({
    id: 'artifact.digests-damaged',
    message: expect.stringContaining(join(dir, 'digests.json')),
    hint: expect.stringContaining(`rm ${join(dir, 'digests.json')}`),
  });
});
