import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Stage } from '../../../scripts/ci/run-stage.ts';
import { temporaryDir } from '../temporary-dir.ts';

const root = join(import.meta.dirname, '..', '..', '..');

const config = `
import { makeEventReporter } from '${root}/scripts/ci/event-reporter.ts';
export default { test: { globals: true, reporters: [makeEventReporter(process.env.CI_TEST_EVENTS)] } };
`;

/** A suite of these files of tests, for Vitest, as a stage. */
export const makeSuite = async (files: Readonly<Record<string, string>>, limitSeconds = 60): Promise<Stage> => {
  const dir = await temporaryDir();
  await writeFile(join(dir, 'vitest.config.ts'), config);
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text);
  const command = [process.execPath, join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--root', dir] as const;
  return { key: 'made', title: 'a suite', suite: 'made', command, limitSeconds };
};
