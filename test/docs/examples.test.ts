import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runsOf } from '../support/docs/examples.ts';
import { makeSandbox, type Sandbox } from '../support/docs/sandbox.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await makeSandbox();
});
afterAll(() => sandbox.close());

/** The checkout has its packages already. */
const linesOf = (file: string): readonly string[] =>
  runsOf(file)
    .flatMap(({ command }) => command.split('\n'))
    .map((line) => line.trim())
    .filter((line) => line !== '' && line !== 'npm ci');

/** Where a variable of the runner names the file of a step's variables. */
const runner = { GITHUB_ACTIONS: 'true', CI: 'true' };
const asRunner = Object.entries(runner).map(([name, value]) => `export ${name}=${value}; `);

describe.each([
  ['github-actions.yml', asRunner.join(''), 'github.env', /^DET_MASTER(=|<<)/m],
  ['circleci.yml', 'export CI=true BASH_ENV=$PWD/bash.env; ', 'bash.env', /^export DET_MASTER='/m],
] as const)('the steps of examples/%s as they are written', (file, before, variables, written) => {
  test.each(linesOf(file))('%s', async (line) => {
    const { exitCode, output } = await sandbox.run(before + line);
    expect(exitCode, output).toBe(0);
  });

  test('left the variables and the report, and nothing of the instance', async () => {
    expect(await sandbox.read(variables)).toMatch(written);
    expect(await sandbox.read('taskgate.env')).toMatch(/^GATEWAY_IP=/m);
    expect(await sandbox.read('reports/taskgate.xml')).toContain('<testsuite name="taskgate hops"');
    expect(await sandbox.instances()).toEqual([]);
  });
});
