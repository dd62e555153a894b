import { chmod, lstat, mkdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ArtifactSource } from '../../../src/artifacts/item.ts';
import { fillCache } from '../../../src/artifacts/store/ensure.ts';
import { isTrusted, makeTrust, noPins, type Proof } from '../../../src/artifacts/store/trust.ts';
import { UserError } from '../../../src/lib/errors.ts';
import { fails, gives, item, refusal, setUpFilling as setUp } from '../../support/artifacts/filling.ts';
import { failureOf } from '../../support/failure-of.ts';

const url = 'https://publisher/tool';
const other = 'https://publisher/tool.tgz';
const [good, bad] = ['a'.repeat(64), 'b'.repeat(64)];
const trust = (pin?: string, trustMirror = false) =>
  makeTrust({ files: pin ? { [url]: pin } : {}, images: { 'r/i:1': { index: good, arm64: bad } } }, trustMirror);

test('pins of files, images and manifests, by name', () => {
  const { pinned } = trust(good);
  expect([url, 'r/i:1', 'r/i:1 arm64', 'r/i:1 amd64', other].map(pinned)).toEqual([
    good,
    good,
    bad,
    undefined,
    undefined,
  ]);
});

const files = [{ path: 'tool', sha256: good }];
const proof = (by: Proof['by'], of = url): Proof => ({ of, sha256: good, by });

describe('an item in the cache', () => {
  test.each([
    ['by the publisher, not pinned since', proof('publisher'), trust(), true],
    ['by the publisher, pinned since', proof('publisher'), trust(good), true],
    ['by the publisher, pinned differently since', proof('publisher'), trust(bad), false],
    ['by a pin that is gone', proof('pin'), trust(), true],
    ['by the mirror alone', proof('mirror'), trust(), false],
    ['by the mirror, which is trusted', proof('mirror'), trust(undefined, true), true],
    ['by the mirror, pinned since', proof('mirror'), trust(good), true],
    ['by the trusted mirror, pinned differently since', proof('mirror'), trust(bad, true), false],
    ['an archive of another name', proof('registry', other), trust(bad), true],
  ])('proven %s', (_, one, known, expected) =>
    expect(isTrusted({ source: 'mirror', files, proofs: [one] }, known, {})).toBe(expected));

  test('proven by several is one that each of them proves', () => {
    const all = [proof('publisher', other), proof('publisher')];
    expect(isTrusted({ source: 'release', files, proofs: all }, trust(good), {})).toBe(true);
    expect(isTrusted({ source: 'release', files, proofs: all }, trust(bad), {})).toBe(false);
    expect(isTrusted({ source: 'release', files, proofs: all.toReversed() }, trust(bad), {})).toBe(false);
  });

  // stamps of earlier versions
  test.each([
    ['go', trust(bad), true],
    ['wheel', trust(bad), true],
    ['release', trust(), true],
    ['release', trust(good), true],
    ['release', trust(bad), false],
    ['mirror', trust(), false],
    ['mirror', trust(undefined, true), true],
    ['mirror', trust(good), true],
    ['mirror', trust(bad, true), false],
  ])('from %s, without proofs: %#', (source, known, expected) =>
    expect(isTrusted({ source, files }, known, { tool: url })).toBe(expected));
});

test('a source whose content reaches beyond its folder is passed over, and set-id bits are taken away', async () => {
  const { filling, lines } = await setUp();
  const linked: ArtifactSource = {
    name: 'debian',
    make: async (dir) => {
      await mkdir(dir, { recursive: true });
      await symlink('/etc/shadow', join(dir, 'file'));
    },
  };
  const setuid: ArtifactSource = {
    name: 'go',
    make: async (dir, work) => {
      await gives('go', 'tool').make(dir, work);
      await chmod(join(dir, 'file'), 0o4777);
    },
  };
  const { etcd } = await fillCache({ etcd: item('etcd', linked, setuid) }, filling);
  expect(lines()[0]).toBe('etcd skipped-source debian: refused: link file leads to /etc/shadow, outside its folder');
  expect((await lstat(join(etcd.dir, 'file'))).mode & 0o7777).toBe(0o755);
  expect(await failureOf(fillCache({ other: item('other', linked) }, filling))).toMatchObject({
    id: 'artifact.unsafe-content',
  });
});

test("links of this machine's own programs may lead to them", async () => {
  const { filling } = await setUp();
  const make: ArtifactSource['make'] = async (dir) => {
    await mkdir(dir, { recursive: true });
    await symlink('/bin/sh', join(dir, 'file'));
  };
  expect(await fillCache({ etcd: item('etcd', { name: 'host', make }) }, filling)).toBeDefined();
});

test('what a mirror alone proved is fetched again by a run that does not trust it', async () => {
  const { filling, lines } = await setUp();
  const proof = { of: 'https://publisher/file', sha256: 'a'.repeat(64) };
  const by = (witness: Proof['by'], source: ArtifactSource): ArtifactSource => ({
    ...source,
    make: async (dir, work) => {
      work.prove({ ...proof, by: witness });
      await source.make(dir, work);
    },
  });
  const etcd = item('etcd', by('mirror', gives('mirror', 'evil')));
  const trust = { ...noPins, trustMirror: true };
  for (const _ of [1, 2]) await fillCache({ etcd }, { ...filling, trust });
  const { etcd: stored } = await fillCache({ etcd: item('etcd', by('publisher', gives('release', 'good'))) }, filling);
  expect(await readFile(join(stored.dir, 'file'), 'utf8')).toBe('good');
  expect(lines().filter((line) => !line.includes('checking'))).toEqual([
    'etcd done v1 from mirror, proven by mirror',
    'etcd cached v1',
    'etcd done v1 from release, proven by publisher',
  ]);
});

test('an error that wants a proof is told before that of the last source', async () => {
  const { filling } = await setUp();
  const unproven = new UserError('no proof', { id: 'artifact.mirror-unproven', hint: 'trust it' });
  const etcd = item('etcd', fails('mirror', unproven), fails('go', refusal('no go')));
  expect(await failureOf(fillCache({ etcd }, filling))).toMatchObject({
    id: 'artifact.mirror-unproven',
    message: 'cannot get etcd v1: mirror: no proof; go: no go',
    hint: 'trust it',
  });
});

test('progress repeats no password that a tool quotes', async () => {
  const { filling, lines } = await setUp();
  const make: ArtifactSource['make'] = async (dir, work) => {
    work.report('downloading', 'http://ci:secret@index/x', 'http://ci:secret@index/y');
    await gives('go', '').make(dir, work);
  };
  await fillCache({ etcd: item('etcd', { name: 'go', make }) }, filling);
  expect(lines()[0]).toBe('etcd downloading http://***@index/x');
});
