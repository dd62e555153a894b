import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DocCommand, docCommands } from '../support/docs/commands.ts';
import { isRun, runPages } from '../support/docs/not-run.ts';
import { isToFail, makeSandbox, type Sandbox } from '../support/docs/sandbox.ts';
import { missingLines } from '../support/docs/shape.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await makeSandbox();
});
afterAll(() => sandbox.close());

const commandsOf = (page: string): readonly DocCommand[] =>
  docCommands.filter((command) => command.page === page && isRun(command));

/** No other page needs them. */
const doneAfter: Readonly<Record<string, readonly string[]>> = {
  'docs/ci.md': ['docs', 'dev'],
  'docs/several-clusters.md': ['east', 'west'],
};

describe.each(runPages)('%s', (page) => {
  test.each(commandsOf(page))('line $line: $text', async (command) => {
    const { exitCode, output } = await sandbox.run(command.text);
    expect(exitCode === 0, output).toBe(!isToFail(command));
    expect(missingLines(command.output, output, sandbox.home), output).toEqual([]);
  });

  if (page in doneAfter) {
    test('its instances are gone after down', async () => {
      const done = doneAfter[page] ?? [];
      await sandbox.takeDown(done);
      const left = await sandbox.instances();
      expect(left.filter((name) => done.includes(name))).toEqual([]);
    });
  }
});

test('what the commands of docs/ci.md wrote for later steps is there', async () => {
  expect(await sandbox.read('github.env')).toMatch(/^DET_MASTER(=|<<)/m);
  expect(await sandbox.read('reports/taskgate.xml')).toContain('<testsuite name="taskgate hops"');
});
