import { expect, test } from 'vitest';
import { findRoots } from '../../../src/master/rules/roots.ts';
import { renderMasterConfig } from '../../../src/master/write/config.ts';
import { renderDevcluster } from '../../../src/master/write/devcluster.ts';
import { sampleValues } from '../../support/master/sample.ts';

const standard = '/usr/share/determined/master';
const stages = (root: string, cwd = ''): string =>
  `${cwd && `cwd: ${cwd}\n`}stages:\n- db: {name: db}\n- master:\n    config_file:\n      root: ${root}\n`;

test.each([
  [
    'relative',
    'port: 8080\nroot: tools/build\n',
    [{ path: 'tools/build', isDefault: false, at: { line: 2, path: 'root' } }],
  ],
  ['the default of the master', 'port: 8080\n', [{ path: standard, isDefault: true, at: { line: 1 } }]],
  ['devcluster', stages('tools/build'), [{ path: 'tools/build', isDefault: false, at: { line: 5 } }]],
  ['devcluster with a working directory', stages('build', '/src/tools'), [{ path: 'build', cwd: '/src/tools' }]],
  ['an escaped dollar sign', stages('/a$$b'), [{ path: '/a$b' }]],
  ['a variable, which only its environment knows', stages('$ROOT/build'), []],
  ['no YAML', 'root: [', []],
  ['nothing', '', []],
])('%s', (_, text, roots) => {
  expect(findRoots(text)).toHaveLength(roots.length);
  expect(findRoots(text)).toMatchObject(roots);
});

test('what taskgate writes names its root, in both forms', () => {
  for (const text of [renderMasterConfig(sampleValues), renderDevcluster(sampleValues)]) {
    expect(findRoots(text).map(({ path }) => path)).toEqual([sampleValues.root]);
  }
});
