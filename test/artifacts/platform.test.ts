import { expect, test } from 'vitest';
import { detectPlatform, parseDistribution } from '../../src/artifacts/platform.ts';

test.each([
  ['PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_CODENAME=bookworm\nID=debian\n', 'debian-bookworm'],
  ['ID="rocky"\nVERSION_ID="9.4"\n', 'rocky-9.4'],
  ['', 'linux-any'],
])('%j', (text, distribution) => expect(parseDistribution(text)).toBe(distribution));

test.each([
  ['x64', 'amd64'],
  ['arm64', 'arm64'],
])('%s is %s', async (node, arch) => expect(await detectPlatform(node)).toMatchObject({ arch }));

test('reports an architecture without pins', () => expect(detectPlatform('ia32')).rejects.toThrow('ia32'));
