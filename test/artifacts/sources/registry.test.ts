import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { choosePlatform, parseChallenge, parseRef, pullImage } from '../../../src/artifacts/sources/registry.ts';
import { makeMeter } from '../../../src/artifacts/store/progress.ts';
import { sha256 } from '../../../src/lib/files.ts';
import { failureOf } from '../../support/failure-of.ts';
import { type Handler, startServer } from '../../support/release-server.ts';
import { fakeWork } from '../../support/work.ts';

describe('parseRef', () => {
  test.each([
    ['registry.k8s.io/pause:3.10', { host: 'registry.k8s.io', repository: 'pause', tag: '3.10' }],
    ['docker.io/a/b:c', { host: 'registry-1.docker.io', repository: 'a/b', tag: 'c' }],
    ['localhost:5000/a:1', { host: 'localhost:5000', repository: 'a', tag: '1' }],
  ])('%s', (ref, parsed) => expect(parseRef(ref)).toEqual(parsed));
  test('wants a tag', () => expect(() => parseRef('registry.k8s.io/pause')).toThrow('registry.k8s.io/pause'));
});

test('reads the URL of the token server', () => {
  const header = 'Bearer realm="https://auth/token",service="registry",scope="repository:a/b:pull"';
  expect(parseChallenge(header)).toBe('https://auth/token?service=registry&scope=repository%3Aa%2Fb%3Apull');
  expect(parseChallenge('Basic realm="x"')).toBeUndefined();
  expect(parseChallenge(undefined)).toBeUndefined();
});

const descriptor = (data: string | Buffer, mediaType: string) => ({
  mediaType,
  digest: `sha256:${sha256(data)}`,
  size: Buffer.byteLength(data),
});

const config = '{"os":"linux"}';
const layer = Buffer.alloc(5000, 1);
const manifest = JSON.stringify({
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  config: descriptor(config, 'config'),
  // the same layer twice, as in real images
  layers: [descriptor(layer, 'layer'), descriptor(layer, 'layer')],
});
const index = JSON.stringify({
  manifests: [
    { ...descriptor('{}', 'm'), platform: { os: 'linux', architecture: 's390x' } },
    { ...descriptor(manifest, 'm'), platform: { os: 'linux', architecture: 'amd64' } },
  ],
});

/** A registry that wants a token, and keeps blobs on another host that must not see it. */
const startRegistry = async (changes: Record<string, string | Buffer> = {}) => {
  const strangers: (string | undefined)[] = [];
  const storage = await startServer({
    '/layer': (request, response) => {
      strangers.push(request.headers.authorization);
      response.end(changes.layer ?? layer);
    },
  });
  const guarded =
    (answer: Handler): Handler =>
    (request, response) => {
      const realm = `https://${request.headers.host}/token`;
      if (request.headers.authorization === 'Bearer secret') answer(request, response);
      else response.writeHead(401, { 'www-authenticate': `Bearer realm="${realm}",service="s",scope="r"` }).end();
    };
  const text = (body: string | Buffer): Handler => guarded((_, response) => response.end(body));
  const { host, requests } = await startServer({
    '/token': '{"token":"secret"}',
    '/v2/a/b/manifests/v1': text(changes.index ?? index),
    [`/v2/a/b/manifests/sha256:${sha256(index)}`]: text(index),
    // a registry that does not keep to what it is asked for
    [`/v2/a/b/manifests/sha256:${'f'.repeat(64)}`]: text(index),
    [`/v2/a/b/manifests/sha256:${sha256(manifest)}`]: text(changes.manifest ?? manifest),
    [`/v2/a/b/blobs/sha256:${sha256(config)}`]: text(config),
    [`/v2/a/b/blobs/sha256:${sha256(layer)}`]: guarded((_, response) =>
      response.writeHead(307, { location: `${storage.url}/layer` }).end(),
    ),
  });
  const { work } = await fakeWork();
  const blobsDir = join(work.cacheDir, 'blobs');
  await mkdir(blobsDir);
  const ref = `${host}/a/b:v1`;
  const pull = () => pullImage(ref, { work, blobsDir, meter: makeMeter(undefined, () => undefined) });
  return { pull, ref, work, requests, strangers, blobsDir };
};

test('fetches token, index, manifest of this machine, and blobs by digest', async () => {
  const { pull, ref, strangers, requests, blobsDir } = await startRegistry();
  const image = await pull();
  expect(image.ref).toBe(ref);
  expect(image.manifest.sha256).toBe(sha256(manifest));
  expect(image.blobs.map((blob) => blob.sha256)).toEqual([sha256(config), sha256(layer)]);
  expect(await readFile(join(blobsDir, sha256(layer)))).toEqual(layer);
  expect(strangers).toEqual([undefined]);
  expect(requests).toContain('GET /token');
});

test.each([
  ['a page', '<!doctype html><title>Sign in</title>'],
  ['an error', '{"errors":[]}'],
  ['a list of nothing', '{"manifests":[null]}'],
  ['no list', '{"manifests":{}}'],
  [
    'a digest that is none',
    '{"manifests":[{"digest":{"toString":1},"size":1,"platform":{"os":"linux","architecture":"amd64"}}]}',
  ],
])('%s in place of a manifest is a reason to go on, and its digest is not remembered', async (_, answer) => {
  const { pull, ref, work } = await startRegistry({ index: answer });
  expect(await failureOf(pull())).toMatchObject({ id: 'artifact.unavailable' });
  await expect(work.digests.remember(ref, 'a'.repeat(64))).resolves.toBeUndefined();
});

test.each(['Bearer realm="x"', 'Bearer realm="ftp://x/"'])('a token server that is none: %s', (header) => {
  expect(() => parseChallenge(header)).toThrow(expect.objectContaining({ id: 'artifact.unavailable' }));
});

test('refuses a tag that moved to another image', async () => {
  const { pull, ref, work } = await startRegistry();
  await work.digests.remember(ref, 'f'.repeat(64));
  expect(await failureOf(pull())).toMatchObject({ id: 'artifact.digest-changed' });
});

test.each([
  ['manifest', { manifest: '{"config":{}}' }],
  ['layer', { layer: Buffer.alloc(5000, 2) }],
])('refuses a %s that has another digest', async (_, changes) => {
  const { pull } = await startRegistry(changes);
  expect(await failureOf(pull())).toMatchObject({ id: 'artifact.checksum' });
});

test('a registry that is not there is a reason to go on', async () => {
  const { work } = await fakeWork();
  const meter = makeMeter(undefined, () => undefined);
  const error = await failureOf(pullImage('localhost:1/a:1', { work, blobsDir: work.cacheDir, meter }));
  expect(error).toMatchObject({ id: 'artifact.unavailable' });
  expect(error.message).toMatch(/^localhost:1 cannot be reached: /);
});

test('reports a missing image for this platform', () => {
  expect(() => choosePlatform(JSON.parse(index), 'arm64', 'x/y:1')).toThrow('x/y:1 has no image for linux/arm64');
  expect(choosePlatform(JSON.parse(manifest), 'arm64', 'x/y:1')).toBeUndefined();
});

describe('an image that is pinned', () => {
  const pinned = (of: string, digest: string) => async () => {
    const registry = await startRegistry();
    const name = of.replace('REF', registry.ref);
    const { work, proofs } = await fakeWork({
      trust: { pinned: (asked) => (asked === name ? digest : undefined), trustMirror: false },
    });
    const pull = () =>
      pullImage(registry.ref, {
        work: { ...work, cacheDir: registry.work.cacheDir },
        blobsDir: registry.blobsDir,
        meter: makeMeter(undefined, () => undefined),
      });
    return { ...registry, pull, proofs };
  };

  test('by its index is asked by digest, never by tag for content', async () => {
    const { pull, proofs, ref } = await pinned('REF', sha256(index))();
    expect((await pull()).manifest.sha256).toBe(sha256(manifest));
    expect(proofs).toEqual([{ of: ref, sha256: sha256(index), by: 'pin' }]);
  });

  test("by this machine's manifest needs no index", async () => {
    const { pull, proofs, ref } = await pinned('REF amd64', sha256(manifest))();
    expect((await pull()).manifest.sha256).toBe(sha256(manifest));
    expect(proofs).toEqual([{ of: `${ref} amd64`, sha256: sha256(manifest), by: 'pin' }]);
  });

  test.each(['REF', 'REF amd64'])('and differs is refused: %s', async (of) => {
    const { pull } = await pinned(of, 'f'.repeat(64))();
    expect(await failureOf(pull())).toMatchObject({ id: 'artifact.checksum' });
  });
});
