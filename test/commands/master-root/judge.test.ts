import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findRootTrouble, judgeRoot } from '../../../src/commands/master-root/judge.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

const wheel = 'determined-0.38.1-py3-none-any.whl';
const lacks = 'tasks whose image lacks the package do not start';
const without = (wheels: readonly string[]) => ({ found: { hasStatic: true, wheels } });

test.each([
  ['no folder', {}, undefined, 'there is no folder /r on this machine'],
  [
    'no static/',
    { found: { hasStatic: false, wheels: [wheel] } },
    undefined,
    '/r has no static/, without which a master does not start',
  ],
  ['no wheel', without([]), undefined, `/r/wheels has no wheel of determined: ${lacks}`],
  ['no wheel, of a version', without([]), '0.37.0', `/r/wheels has no wheel of determined 0.37.0: ${lacks}`],
  ['another', without([wheel]), '0.37.0', `/r/wheels has no wheel of determined 0.37.0, only of 0.38.1: ${lacks}`],
])('%s', (_, look, version, message) => {
  expect(judgeRoot('/r', look, version)).toEqual({ message, hint: expect.any(String) });
});

test.each([[undefined], ['0.38.1']])('one that a master of version %s takes', (version) => {
  expect(judgeRoot('/r', without([wheel]), version)).toBeUndefined();
});

test('looks at the folder, and names how one is made', async () => {
  const root = await temporaryDir();
  await mkdir(join(root, 'static'));
  expect(await findRootTrouble(root)).toEqual({
    message: expect.stringContaining(`${root}/wheels has no wheel`),
    hint: expect.stringContaining('make -C tools prep-root'),
  });
});
