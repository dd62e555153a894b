import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openInBrowser } from '../support/docs/browser.ts';
import { docCommands } from '../support/docs/commands.ts';
import { idsOf, withIds } from '../support/docs/ids.ts';
import { isRun, startPage } from '../support/docs/not-run.ts';
import { makeSandbox, type Sandbox } from '../support/docs/sandbox.ts';
import { missingLines } from '../support/docs/shape.ts';
import { standInMaster } from '../support/docs/stand-in-master.ts';

/** With an empty cache the first one assembles the programs of a node and the task image. */
const longestMs = 1_500_000;

let sandbox: Sandbox;
let env: Readonly<Record<string, string>>;
beforeAll(async () => {
  sandbox = await makeSandbox();
  // det keeps its session in the caller's home otherwise
  env = { ...(await standInMaster(sandbox.dir)), DET_DEBUG_CONFIG_PATH: join(sandbox.dir, 'det') };
});
afterAll(() => sandbox.close());

const ids = new Map<string, string>();
const opened: string[] = [];

describe(startPage, () => {
  const commands = docCommands.filter((command) => command.page === startPage && isRun(command));
  test.each(commands)(
    'line $line: $text',
    async ({ text, output: shown }) => {
      const { exitCode, output } = await sandbox.runInSession(withIds(text, ids), env);
      expect(exitCode, output).toBe(0);
      expect(missingLines(shown, output, sandbox.home), output).toEqual([]);
      for (const [id, actual] of idsOf(shown, output)) ids.set(id, actual);
      const link = /^Connect to remote Jupyter server: (\S+)$/m.exec(output)?.[1];
      if (link !== undefined) opened.push(await openInBrowser(link));
    },
    longestMs,
  );

  test('the link of the notebook led to JupyterLab', () => {
    expect(opened).toEqual([expect.stringContaining('<title>JupyterLab</title>')]);
  });

  test('nothing of the instance is left', async () => {
    expect(await sandbox.instances()).toEqual([]);
  });
});
