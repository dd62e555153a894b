import { describe, expect, test } from 'vitest';
import { isTrusted, makeTrust, type Proof } from '../../../src/artifacts/store/trust.ts';

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
