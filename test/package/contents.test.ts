import { expect, test } from 'vitest';
import { unexpectedFiles } from '../../scripts/package/contents.ts';

test('a source without JavaScript and a template that is left out are missing; tests, sources and the rig are unknown', () => {
  const { missing, unknown } = unexpectedFiles(
    ['README.md', 'docs/ci.md', 'dist/src/cli/main.js', 'dist/scripts/rig.js', 'src/cli/main.ts', 'test/x.test.ts'],
    ['cli/main.ts', 'lib/wait.ts', 'lib'],
  );
  expect(unknown).toEqual(['dist/scripts/rig.js', 'src/cli/main.ts', 'test/x.test.ts']);
  expect(missing).toContain('dist/src/lib/wait.js');
  expect(missing).toContain('dist/templates/go/etcd/go.sum');
  expect(missing).not.toContain('dist/src/cli/main.js');
});
