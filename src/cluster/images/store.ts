import type { ImageArchive } from './archive.ts';

/** An image that a node has. */
export type ListedImage = {
  /** In full, as kubelet looks for it. */
  readonly name: string;
  /** `sha256:` and hex of its manifest, where the source tells it. */
  readonly digest?: string;
  /** `sha256:` and hex of its configuration, the same wherever it was packed. */
  readonly id: string;
  /** As it is kept: what is packed counts packed. */
  readonly bytes: number;
};

export type LoadLimits = {
  readonly signal: AbortSignal;
  /** How long nothing may be read; what cannot be seen has more time, by its size. */
  readonly stallMs: number;
  /** What the node has: what a load that fails has replaced is put back. */
  readonly before: readonly ListedImage[];
  /** Gets how many bytes of the file are read; once all are, the node unpacks them. */
  readonly onBytes: (bytes: number) => void;
};

/** The images of a cluster's node, for the user's own. */
export type ImageStore = {
  /** Who tells what there is, as in `containerd of the node`. */
  readonly source: string;
  readonly list: (limits: {
    readonly signal: AbortSignal;
    readonly timeoutMs: number;
  }) => Promise<readonly ListedImage[]>;
  /** Whether it takes one archive at a time, whatever is in it. */
  readonly isOneByOne?: boolean;
  /** Leaves nothing in the node where it fails or is interrupted. */
  readonly load: (archive: ImageArchive, limits: LoadLimits) => Promise<void>;
};
