import { expect, test } from 'vitest';
import { layoutEntries, type OciImage } from '../../../src/artifacts/image/oci.ts';

test('a manifest keeps the media type that its registry gave it', () => {
  const text = '{"mediaType":"application/vnd.docker.distribution.manifest.v2+json"}';
  const image: OciImage = { ref: 'a/b:c', manifest: { sha256: 'x', size: 1, content: { text } }, blobs: [] };
  const index = layoutEntries([image]).find(({ name }) => name === 'index.json');
  expect(JSON.stringify(index)).toContain('vnd.docker.distribution.manifest.v2');
});
