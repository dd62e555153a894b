import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { renderDigests } from '../../scripts/pins/digests-file.ts';
import { digests } from '../../src/config/digests.ts';

test('src/config/digests.ts is as the script writes it, and so as the formatter wants it', () => {
  const path = join(import.meta.dirname, '../../src/config/digests.ts');
  expect(renderDigests(digests)).toBe(readFileSync(path, 'utf8'));
});

test('a digest is hex, and one that does not fit is on a line of its own', () => {
  const url = 'https://publisher.example/release/v1/bin/linux/amd64/file';
  const text = renderDigests({ files: { [url]: 'a'.repeat(64) }, images: {}, wheels: {}, modules: {} });
  expect(text).toContain(`  files: {\n    '${url}':\n      '${'a'.repeat(64)}',\n  },\n  /**`);
  expect(text).toContain('  images: {},\n');
});
