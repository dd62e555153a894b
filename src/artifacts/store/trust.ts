import type { DigestPins } from '../../model/pins.ts';

/**
 * Who says that a part of an item is the right one. `mirror` and `folder` prove nothing: the user trusts the mirror by
 * `--trust-mirror`, and their own folder by naming it.
 */
type Witness = 'pin' | 'publisher' | 'bundle digest' | 'mirror' | 'folder' | 'registry';

/** What proved a part of an item: `of` is the publisher's URL, an image's name, or a file of a bundle. */
export type Proof = { readonly of: string; readonly sha256: string; readonly by: Witness };

export type Trust = {
  /** The pinned digest of a release file, by its publisher's URL, of an image, or of `IMAGE ARCH`. */
  readonly pinned: (name: string) => string | undefined;
  /** Whether a mirror's own word counts, by `--trust-mirror`. */
  readonly trustMirror: boolean;
};

/** For items without pins, such as the rig's. */
export const noPins: Trust = { pinned: () => undefined, trustMirror: false };

export const makeTrust = ({ files, images }: DigestPins, trustMirror = false): Trust => {
  const ofImages = Object.entries(images).flatMap(([ref, { index, amd64, arm64 }]) => [
    [ref, index] as const,
    [`${ref} amd64`, amd64] as const,
    [`${ref} arm64`, arm64] as const,
  ]);
  const known = new Map([...Object.entries(files), ...ofImages]);
  return { pinned: (name) => known.get(name), trustMirror };
};

type Claim = {
  readonly source: string;
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
  readonly proofs?: readonly Proof[];
};

/** Sources whose files are the publisher's own; others build, unpack or assemble them. */
const areDownloads = (source: string): boolean => source === 'release' || source === 'mirror';

/**
 * Whether a stored item is as the pins want it, and nothing in it rests on a mirror's word that no longer counts. What an
 * earlier version stored has no proofs: then its files are compared with the pins.
 */
export const isTrusted = (
  { source, files, proofs }: Claim,
  { pinned, trustMirror }: Trust,
  publishedAt: Readonly<Record<string, string>>,
): boolean => {
  const agrees = (name: string, sha256: string) => [undefined, sha256].includes(pinned(name));
  if (proofs) {
    return proofs.every(
      ({ of, sha256, by }) => agrees(of, sha256) && (by !== 'mirror' || trustMirror || pinned(of) === sha256),
    );
  }
  if (!areDownloads(source)) return true;
  const isPinned = ({ path, sha256 }: Claim['files'][number]) => pinned(publishedAt[path] ?? '') === sha256;
  if (source === 'mirror' && !trustMirror) return files.every(isPinned);
  return files.every((file) => agrees(publishedAt[file.path] ?? '', file.sha256));
};
