import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { named, openImageArchive, renderList } from '../../../src/cluster/images/archive.ts';
import { sha256 } from '../../../src/lib/files.ts';
import { dockerArchive, fileOf, hostPlatform, ociArchive, tarOf } from '../../support/images/archives.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

const { signal } = new AbortController();
const platform = `linux/${hostPlatform.architecture}`;
const otherPlatform = { os: 'linux', architecture: hostPlatform.architecture === 'amd64' ? 'arm64' : 'amd64' };

const open = async (tar: Buffer, wanted = platform) =>
  openImageArchive(await fileOf(await temporaryDir(), 'a.tar', tar), wanted, signal);

test('of docker save: names in full, ids, platforms', async () => {
  const { tar, ids } = await dockerArchive({ name: 'python:3' }, { name: 'me/task:1' });
  const { images, list } = await open(tar);
  expect(list).toBe('manifest.json');
  expect(images.map(({ names, id, platform: one }) => [names, id, one])).toEqual([
    [['docker.io/library/python:3'], ids[0], platform],
    [['docker.io/me/task:1'], ids[1], platform],
  ]);
});

test.each([
  'org.opencontainers.image.ref.name',
  'io.containerd.image.name',
])('of an OCI layout, named by %s', async (key) => {
  const { tar, ids } = await ociArchive({ name: 'small:1' }, key);
  const { images, list } = await open(tar);
  expect(list).toBe('index.json');
  expect(images).toMatchObject([{ names: ['docker.io/library/small:1'], id: ids[0], platform }]);
});

test('a tag alone is no name', async () => {
  const { tar } = await ociArchive({ name: 'latest' });
  expect((await open(tar)).images).toMatchObject([{ names: [] }]);
});

/** BuildKit adds an attestation beside the image, of platform unknown/unknown; `docker save` leaves other platforms out. */
test('of an index in the layout the image for the node counts, not what is beside it or not there', async () => {
  const [own, other] = [await ociArchive({}), await ociArchive({ platform: otherPlatform })];
  const manifestOf = ({ manifest }: typeof own, of: object) => ({
    digest: `sha256:${sha256(manifest)}`,
    size: manifest.length,
    platform: of,
  });
  const gone = { digest: `sha256:${'0'.repeat(64)}`, size: 1, platform: { os: 'linux', architecture: 's390x' } };
  const attestation = { ...manifestOf(own, { os: 'unknown', architecture: 'unknown' }) };
  const inner = JSON.stringify({
    manifests: [gone, attestation, manifestOf(other, otherPlatform), manifestOf(own, hostPlatform)],
  });
  const index = JSON.stringify({
    manifests: [
      { digest: `sha256:${sha256(inner)}`, size: inner.length, annotations: { 'io.containerd.image.name': 'x/y:1' } },
    ],
  });
  const blobsOf = async ({ tar }: typeof own) => {
    const { tar: read } = await open(tar, 'any/any').catch(() => ({ tar: undefined }));
    return read;
  };
  expect(await blobsOf(own)).toBeUndefined();
  const configs = await Promise.all(
    [own, other].map(async ({ tar }, at) => {
      const found = await open(tar, at === 0 ? platform : `linux/${otherPlatform.architecture}`);
      return [...found.tar.members].flatMap(([name, { content }]) =>
        name.startsWith('blobs/') && content ? [[name, content] as const] : [],
      );
    }),
  );
  const tar = await tarOf([
    ...configs.flat(),
    [`blobs/sha256/${sha256(inner)}`, inner],
    ['oci-layout', '{}'],
    ['index.json', index],
  ]);
  expect((await open(tar)).images).toMatchObject([{ names: ['docker.io/x/y:1'], id: own.ids[0], platform }]);
  const seen = expect.stringContaining(`x/y:1 for linux/${otherPlatform.architecture}, and the node is linux/riscv64`);
  await expect(open(tar, 'linux/riscv64')).rejects.toMatchObject({ id: 'artifact.image-platform', message: seen });
});

test('names of one image count together, and the list that is rendered has each', async () => {
  const { tar, index } = await ociArchive({ name: 'a:1' });
  const [one] = JSON.parse(index).manifests;
  const archive = await open(tar);
  const both = {
    ...archive,
    images: [{ ...archive.images[0], names: ['x/a:1', 'x/b:2'], entry: one }],
  } as typeof archive;
  expect(JSON.parse(renderList(both)).manifests).toMatchObject([
    {
      digest: one.digest,
      annotations: { 'io.containerd.image.name': 'x/a:1', 'org.opencontainers.image.ref.name': '1' },
    },
    {
      digest: one.digest,
      annotations: { 'io.containerd.image.name': 'x/b:2', 'org.opencontainers.image.ref.name': '2' },
    },
  ]);
});

test('an image for another processor is refused: its containers would not start', async () => {
  const { tar } = await dockerArchive({ name: 'a:1' }, { name: 'b:1', platform: otherPlatform });
  await expect(open(tar)).rejects.toMatchObject({
    id: 'artifact.image-platform',
    message: expect.stringMatching(
      `has docker.io/library/b:1 for linux/${otherPlatform.architecture}, and the node is ${platform}$`,
    ),
    hint: expect.stringContaining(`--platform ${platform}`),
  });
});

test('without a name it needs one, and gets that of --as', async () => {
  const archive = await open((await dockerArchive({})).tar);
  expect(() => named(archive, undefined)).toThrow(
    expect.objectContaining({ id: 'usage.image-name', hint: expect.stringContaining('--as NAME:TAG') }),
  );
  const { images } = named(archive, 'docker.io/library/x:1');
  expect(images).toMatchObject([{ names: ['docker.io/library/x:1'] }]);
  expect(JSON.parse(renderList({ ...archive, images }))).toMatchObject([{ RepoTags: ['docker.io/library/x:1'] }]);
});

test('--as is for one image', async () => {
  const archive = await open((await dockerArchive({ name: 'a:1' }, { name: 'b:1' })).tar);
  expect(named(archive, undefined)).toBe(archive);
  expect(() => named(archive, 'docker.io/library/x:1')).toThrow(
    expect.objectContaining({ id: 'usage.image-name', message: expect.stringContaining('has 2') }),
  );
});

const config = JSON.stringify({ architecture: 'amd64', os: 'linux' });

test.each([
  ['no list', [['a', 'b']], 'it has neither index.json nor manifest.json, so no list of images'],
  ['an empty list', [['manifest.json', '[]']], 'its list of images is empty'],
  ['a list that is no JSON', [['manifest.json', '[{']], 'its list of images is empty'],
  [
    'a configuration that is not there',
    [['manifest.json', '[{"Config":"c.json"}]']],
    'it has no c.json, which its list of images names',
  ],
  [
    'a configuration that is none',
    [
      ['c.json', '[]'],
      ['manifest.json', '[{"Config":"c.json"}]'],
    ],
    'its c.json is damaged',
  ],
  [
    'a list with an object for a text',
    [['manifest.json', '[{"Config":{"toString":1}}]']],
    'it has no {"toString":1}, which its list of images names',
  ],
  [
    'an entry without a digest',
    [
      ['oci-layout', '{}'],
      ['index.json', '{"manifests":[{}]}'],
    ],
    'its list of images names no digest',
  ],
  [
    'an entry that leads out of it',
    [
      ['oci-layout', '{}'],
      ['index.json', '{"manifests":[{"digest":"sha256:../../x"}]}'],
    ],
    'its list of images names no digest',
  ],
  [
    'a manifest that is not there',
    [
      ['oci-layout', '{}'],
      ['index.json', `{"manifests":[{"digest":"sha256:${'1'.repeat(64)}"}]}`],
    ],
    `it has no blobs/sha256/${'1'.repeat(64)}, which its list of images names`,
  ],
  [
    'an index that names itself',
    [
      ['oci-layout', '{}'],
      ['index.json', `{"manifests":[{"digest":"sha256:${'1'.repeat(64)}"}]}`],
      [
        `blobs/sha256/${'1'.repeat(64)}`,
        `{"manifests":[{"digest":"sha256:${'1'.repeat(64)}","platform":{"os":"linux","architecture":"amd64"}}]}`,
      ],
    ],
    'its indexes of images name each other',
  ],
  [
    'an index of nothing that is there',
    [
      ['oci-layout', '{}'],
      ['index.json', `{"manifests":[{"digest":"sha256:${'1'.repeat(64)}"}]}`],
      [`blobs/sha256/${'1'.repeat(64)}`, '{"manifests":[]}'],
    ],
    'it has an index of images, and none of them',
  ],
] as const)('%s is no archive of images', async (_what, files, why) => {
  await expect(open(await tarOf([...files, ['unused', config]]))).rejects.toMatchObject({
    id: 'artifact.image-archive',
    message: expect.stringMatching(
      `a.tar is no archive of images that can be loaded: ${why.replaceAll(/[[\]{}()]/g, '\\$&')}$`,
    ),
  });
});

test('descriptions have a size that people write: a layer in the place of one is not read into memory', async () => {
  const tar = await tarOf([
    ['c.json', randomBytes(2 ** 20 + 1)],
    ['manifest.json', '[{"Config":"c.json"}]'],
  ]);
  await expect(open(tar)).rejects.toMatchObject({ id: 'artifact.image-archive' });
});
