/** Architectures as Go and container images name them. */
export type Arch = 'amd64' | 'arm64';

/** The programs of a Kubernetes release that a native node is made of, and kubectl. */
export const kubernetesPrograms = [
  'kube-apiserver',
  'kube-controller-manager',
  'kube-proxy',
  'kube-scheduler',
  'kubeadm',
  'kubectl',
  'kubelet',
] as const;

/** SHA-256 in lower-case hex. The index is the list of an image's manifests, one for each architecture. */
export type ImageDigests = { readonly index?: string; readonly amd64?: string; readonly arm64?: string };

/** SHA-256 in lower-case hex of what is downloaded. What has no entry is open: `npm run pins -- --check` lists it. */
export type DigestPins = {
  /** Release files as they are downloaded, by their publisher's URL. */
  readonly files: Readonly<Record<string, string>>;
  /** Images by name and tag. */
  readonly images: Readonly<Record<string, ImageDigests>>;
};

/** `${version}`, `${arch}` (amd64), `${machine}` (x86_64) and `${file}` are filled in. */
export type ReleasePin = {
  readonly url: string;
  /** The publisher's list of SHA-256 sums, or the sum alone. */
  readonly checksum: string;
  /** Path inside the archive, for a download that is a gzipped tar. */
  readonly member?: string;
};

/** Built by the go command in `templates/go/<module>`, whose go.sum authenticates all sources. */
export type GoPin = {
  readonly module: 'kubernetes' | 'etcd' | 'contour' | 'coredns' | 'kube-router';
  readonly packages: readonly string[];
  readonly ldflags: string;
};

/** One file of a Python wheel. */
export type WheelPin = {
  readonly project: string;
  readonly member: string;
  /** Of the whole wheel. */
  readonly sha256: Readonly<Record<Arch, string>>;
};

/** A Python wheel as it is, the same on every architecture. */
export type WheelFilePin = {
  readonly version: string;
  readonly project: string;
  readonly sha256: string;
};

export type ProgramPin = {
  readonly version: string;
  /** Files that the item must contain, whichever source it comes from. */
  readonly files: readonly string[];
  readonly release?: ReleasePin;
  readonly go?: GoPin;
  readonly wheel?: WheelPin;
};

/** Programs in the distribution's version; apt verifies them with its archive keys. */
export type DebianPin = { readonly packages: readonly string[] };

export type ManifestPin = {
  readonly version: string;
  readonly url: string;
  readonly sha256: string;
  /** Path of the same file in a Go module that `templates/go/<module>` requires. */
  readonly go: { readonly module: GoPin['module']; readonly requires: string; readonly path: string };
};

export type ImagePin = {
  readonly ref: string;
  /** How the image is assembled if its registry is unreachable. */
  readonly assembled: {
    readonly program: 'agnhost' | 'contour' | 'envoy' | 'kubeRouter';
    /** Path of the program in the image, without the leading slash. */
    readonly path: string;
    /** The distribution's packages that the image has besides, with all that they need. */
    readonly packages?: 'policyTools';
    readonly config: {
      readonly Entrypoint: readonly string[];
      readonly Cmd?: readonly string[];
      readonly User?: string;
    };
  };
};

/** A list of Python packages, in `templates/python`, which has the digest of each file that pip may take. */
export type LockPin = {
  readonly file: string;
  /** Of the list itself. */
  readonly sha256: string;
};

/** A small image for Determined's tasks. */
export type TaskImagePin = {
  /** Version of Determined that the first list has. */
  readonly version: string;
  /** The distribution's packages; apt adds what they need. */
  readonly packages: readonly string[];
  readonly determined: LockPin;
  /** On top of the first list. */
  readonly jupyterlab: LockPin;
};

/** Every version that taskgate fetches, with its checksums. */
export type Pins = {
  readonly digests: DigestPins;
  readonly kubernetes: ProgramPin;
  readonly agnhost: ProgramPin;
  readonly etcd: ProgramPin;
  readonly coredns: ProgramPin;
  readonly contour: ProgramPin;
  readonly envoy: ProgramPin;
  /** Fetched only on request. */
  readonly minikube: ProgramPin & { readonly release: ReleasePin };
  readonly runtime: DebianPin;
  /** The engine that enforces NetworkPolicies; fetched only where they are wanted, as are the three that follow. */
  readonly kubeRouter: ProgramPin;
  /** What the engine of a native node calls besides iptables. */
  readonly ipset: DebianPin;
  /** What the engine calls in its image. */
  readonly policyTools: DebianPin;
  readonly policyImages: readonly ImagePin[];
  readonly contourManifest: ManifestPin;
  readonly images: readonly ImagePin[];
  /** Assembled only where it is wanted. */
  readonly taskImage: TaskImagePin;
  /** What a Determined master gives to each task; other versions are fetched on request. */
  readonly determined: WheelFilePin;
};
