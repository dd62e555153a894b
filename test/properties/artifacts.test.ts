import assert from 'node:assert/strict';
import { lstat, mkdir, readdir, readlink, realpath, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { bundleSource, folderBundle } from '../../src/artifacts/bundle/bundle.ts';
import { digestOf, parseWanted } from '../../src/artifacts/bundle/index-file.ts';
import { parseLdd } from '../../src/artifacts/image/layer.ts';
import type { Work } from '../../src/artifacts/item.ts';
import { parseDistribution } from '../../src/artifacts/platform.ts';
import { parseChallenge, pullImage } from '../../src/artifacts/sources/registry.ts';
import { parseChecksum } from '../../src/artifacts/sources/release.ts';
import { loadDigests } from '../../src/artifacts/store/digests.ts';
import type { Network } from '../../src/artifacts/store/network.ts';
import { makeMeter } from '../../src/artifacts/store/progress.ts';
import { makeQueue } from '../../src/artifacts/store/queue.ts';
import { noPins } from '../../src/artifacts/store/trust.ts';
import { UnconfinedError } from '../../src/lib/archive/confined.ts';
import { sha256 } from '../../src/lib/files.ts';
import type { HttpResponse } from '../../src/lib/http/http.ts';
import { isFields, parseFields } from '../../src/lib/json.ts';
import { sharedFolder } from '../support/properties/folder.ts';
import { mutatedJson, mutatedText } from '../support/properties/mutations.ts';
import { acceptAnswer } from '../support/properties/promises.ts';
import { property } from '../support/properties/property.ts';
import * as seeds from '../support/properties/seeds.ts';
import { refused } from '../support/properties/shares.ts';

const folder = sharedFolder();
const signal = new AbortController().signal;

property(
  'registry: challenge',
  mutatedText(...seeds.registryHeaders),
  (header) => {
    const url = parseChallenge(header);
    if (url === undefined) return refused;
    assert.match(new URL(url).protocol, /^https?:$/);
  },
  { accepts: 0.26 },
);

type Remembered = { readonly name: string; readonly sha256: string };

const workOf = (network: Network, remembered: Remembered[]): Work => ({
  ...{ cacheDir: folder(), templatesDir: '/t', arch: 'amd64', signal, report: () => undefined, network, trust: noPins },
  runner: () => Promise.reject(new Error('no program is run')),
  digests: { remember: async (name, sum) => void remembered.push({ name, sha256: sum }) },
  prove: () => undefined,
  buildQueue: makeQueue(),
  ensure: () => Promise.reject(new Error('no other item')),
});

const body = (): HttpResponse['body'] =>
  ({ destroy: () => undefined, on: () => undefined, dump: async () => undefined }) as never;

property(
  'registry: manifests, tokens and pages in their place',
  fc.record({
    challenge: fc.option(mutatedText(...seeds.registryHeaders)),
    token: mutatedJson({ token: 't' }, { access_token: 't' }),
    tag: fc.oneof(mutatedJson(...seeds.imageManifests), mutatedText('<!doctype html><title>Sign in</title>')),
    manifest: mutatedJson(...seeds.imageManifests),
  }),
  async ({ challenge, token, tag, manifest }) => {
    const headers = challenge === null ? {} : { 'www-authenticate': challenge };
    const network = {
      signal,
      request: async (url: string) =>
        ({
          status: url.includes('/blobs/') ? 404 : challenge === null ? 200 : 401,
          statusText: '',
          url: new URL(url),
          headers,
          body: body(),
        }) as never,
      getText: async (url: string) => (url.includes('/v2/') ? (url.endsWith('/latest') ? tag : manifest) : token),
    } as Network;
    const remembered: Remembered[] = [];
    const pulled = await pullImage('a.example/b:latest', {
      ...{ work: workOf(network, remembered), blobsDir: folder() },
      meter: makeMeter(1, () => undefined),
    }).catch(acceptAnswer);
    assert.equal(pulled, undefined);
    for (const one of remembered) {
      assert.equal(one.sha256, sha256(tag));
      const { manifests, config } = parseFields(tag);
      assert.ok(Array.isArray(manifests) || isFields(config), 'the digest of what is no manifest is remembered');
    }
    return remembered.length > 0 ? undefined : refused;
  },
  {
    accepts: 0.04,
    good: [
      {
        challenge: null,
        token: '{"token":"t"}',
        tag: JSON.stringify(seeds.imageManifests[0]),
        manifest: JSON.stringify(seeds.imageManifests[1]),
      },
    ],
  },
);

property(
  'checksums of publishers',
  mutatedText(`${'a'.repeat(64)}  kubectl\n${'b'.repeat(64)} *xkubectl\n`),
  (text) => {
    const sum = parseChecksum(text, 'kubectl');
    if (sum === undefined) return refused;
    assert.match(sum, /^[0-9a-f]{64}$/);
  },
  { accepts: 0.23 },
);

property(
  'what ldd and os-release print',
  mutatedText('\tlibc.so.6 => /lib/libc.so.6 (0x1)\n\t/lib64/ld.so (0x2)\n', 'ID=debian\nVERSION_CODENAME="x"\n'),
  (text) => {
    const [paths, distribution] = [parseLdd(text), parseDistribution(text)];
    assert.ok(paths.every((path) => path.startsWith('/')));
    assert.ok(!distribution.includes('\n'));
    return paths.length === 0 && distribution === 'linux-any' ? refused : undefined;
  },
  { accepts: 0.37 },
);

property(
  'the record of digests',
  mutatedJson({ 'https://a/b': 'f'.repeat(64) }),
  async (text) => {
    await writeFile(join(folder(), 'digests.json'), text);
    await loadDigests(folder());
  },
  { weight: 5, accepts: 0.19 },
);

const names = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      'a',
      'l',
      'l/evil',
      'l/../x',
      '..',
      '../x',
      '../item2/x',
      '/outside',
      'a/b',
      '.',
      '',
      'a//b',
      'l/l',
    ),
  },
  fc.array(fc.constantFrom('a', 'l', '..', '.', '', 'b'), { maxLength: 4 }).map((parts) => parts.join('/')),
);
const sum = sha256('x');

const stamps = fc.record({
  files: fc.array(names, { maxLength: 3 }),
  links: fc.array(fc.record({ path: names, target: names }), { maxLength: 4 }),
});

/** All that is in a folder, and where its links lead to. */
const leadsOutside = async (dir: string): Promise<string | undefined> => {
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const end = entry.isSymbolicLink() ? await realpath(path).catch(() => undefined) : path;
    if (end !== undefined && end !== dir && !end.startsWith(`${dir}/`)) return `${path} -> ${await readlink(path)}`;
  }
  return undefined;
};

property(
  'bundle: nothing is written or linked outside of the item',
  stamps,
  async ({ files, links }) => {
    const base = join(folder(), 'bundle');
    await rm(base, { recursive: true, force: true });
    const dir = join(base, 'work', 'item');
    await mkdir(dir, { recursive: true });
    await mkdir(join(base, 'items', 'k'), { recursive: true });
    const stamped = files.map((path) => ({ path, size: 1, mtimeMs: 0, mode: 0o6777, sha256: sum }));
    for (const path of files) {
      const from = join(base, 'items', 'k', path);
      await mkdir(join(from, '..'), { recursive: true }).catch(() => undefined);
      await writeFile(from, 'x').catch(() => undefined);
    }
    await rm(join(base, 'x'), { force: true });
    const before = await readdir(base);
    const text = JSON.stringify({
      schema: 1,
      items: { k: { schema: 1, key: 'k', source: 'go', files: stamped, links } },
    });
    await writeFile(join(base, 'bundle.json'), text);
    const source = bundleSource(folderBundle(base, { bundleDigest: digestOf(text) }), { key: 'k' });
    const made = await source.make(dir, workOf({ signal } as Network, [])).then(
      () => true,
      (error: unknown) => {
        if (!(error instanceof UnconfinedError)) acceptAnswer(error);
        return false;
      },
    );
    assert.deepEqual(await readdir(join(base, 'work')), ['item']);
    assert.deepEqual(
      (await readdir(base)).filter((name) => name !== 'bundle.json'),
      before,
    );
    assert.equal(await leadsOutside(dir), undefined);
    if (!made) return refused;
    for (const path of files) assert.equal((await lstat(join(dir, path))).mode & 0o7022, 0);
  },
  { weight: 60, accepts: 0.1, good: [{ files: ['a'], links: [{ path: 'l', target: 'a' }] }] },
);

property(
  'bundle: its index',
  mutatedJson(seeds.bundleIndex),
  (text) => {
    const { index } = parseWanted(text, '/b', digestOf(text));
    for (const stamp of Object.values(index.items))
      assert.ok(stamp.files.every(({ path }) => typeof path === 'string'));
  },
  { accepts: 0.17 },
);
