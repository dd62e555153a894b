import { expect, test } from 'vitest';
import { loadDigests } from '../../src/artifacts/digests.ts';
import { failureOf, temporaryDir } from './work.ts';

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
