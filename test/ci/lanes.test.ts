import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runPhases } from '../../scripts/ci/lanes.ts';
import type { Stage } from '../../scripts/ci/run-stage.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

const stage = (key: string): Stage => ({ key, title: key, command: ['true'], limitSeconds: 60 });

test('a stage that cannot be run has failed; its lane, the other one and the next phase go on', async () => {
  const reportsDir = await temporaryDir();
  await writeFile(join(reportsDir, 'file'), '');
  const phases = [[[stage('file/stage'), stage('same')], [stage('other')]], [[stage('next')]]];
  const context = { reportsDir, expected: {}, signal: new AbortController().signal, say: () => undefined };
  const results = await runPhases(phases, context);
  expect(results.map(({ title, verdict }) => [title, verdict?.passed, verdict?.failed])).toEqual([
    ['file/stage', 0, 1],
    ['same', 1, 0],
    ['other', 1, 0],
    ['next', 1, 0],
  ]);
  expect(results[0]?.verdict?.problems).toEqual([expect.stringMatching(/^could not be run: E(NOTDIR|EXIST): /)]);
});
