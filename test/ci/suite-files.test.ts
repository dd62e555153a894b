import { globSync } from 'node:fs';
import { expect, test } from 'vitest';
import { plan, stagesOf } from '../../scripts/ci/plan.ts';
import { filesOfCommand, suiteFiles } from '../../scripts/ci/suite-files.ts';
import config from '../../vitest.config.ts';

test('each file of tests is run by one stage, and each suite has files', () => {
  const found = stagesOf(plan).flatMap(({ suite, command }) => (suite === undefined ? [] : [filesOfCommand(command)]));
  expect(found.flat().toSorted()).toEqual(globSync('test/**/*.test.ts').toSorted());
  expect(found.filter((files) => files.length === 0)).toEqual([]);
});

test('Vitest runs what CI looks for', () => {
  const { projects = [] } = (config as { test?: { projects?: readonly { test: { name: string } }[] } }).test ?? {};
  expect(Object.fromEntries(projects.map(({ test: { name, ...rest } }) => [name, rest]))).toMatchObject(suiteFiles);
  expect(projects).toHaveLength(Object.keys(suiteFiles).length);
});

const all = globSync('test/api/**/*.test.ts').toSorted();
const [first = '', second = ''] = all;
test.each([
  ['all of a project', [], all],
  ['without one', [`--exclude=${first}`], all.slice(1)],
  ['only some', [second, first], [first, second]],
])('%s', (_, args, files) => {
  expect(filesOfCommand(['npx', 'vitest', 'run', '--project', 'api', ...args])).toEqual(files);
});

test('a project that is not there', () => {
  expect(() => filesOfCommand(['--project', 'units'])).toThrow('scripts/ci/suite-files.ts has no suite units');
});
