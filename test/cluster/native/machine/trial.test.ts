import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { renderScript } from '../../../../src/cluster/native/machine/trial.ts';
import { temporaryDir } from '../../../support/temporary-dir.ts';

// the trial itself: test/process/trial.test.ts
test('steps become a script: blanks and quotes stay, files are written with their folders', async () => {
  const folder = await temporaryDir();
  const path = join(folder, "a b's", 'text');
  const text = "it's 50% of \\n $HOME\n";
  const script = renderScript([{ write: { path, text } }, { run: ['printf', '%s|', "x y's", '$HOME'] }]);
  expect(execFileSync('sh', ['-c', script], { encoding: 'utf8' })).toBe("x y's|$HOME|");
  expect(await readFile(path, 'utf8')).toBe(text);
});

test('the script ends at the first step that fails', () => {
  const script = renderScript([{ run: ['false'] }, { run: ['echo', 'on'] }]);
  expect(() => execFileSync('sh', ['-c', script])).toThrow();
});
