import { join } from 'node:path';
import { fetchDigests } from '../../src/artifacts/sources/registry.ts';
import { fetchChecksum, planRelease } from '../../src/artifacts/sources/release.ts';
import type { Network } from '../../src/artifacts/store/network.ts';
import { sha256OfFile } from '../../src/lib/files.ts';
import type { Runner } from '../../src/lib/process/runner.ts';
import type { Arch, ImageDigests, ProgramPin } from '../../src/model/pins.ts';

/** Who is asked what a pinned thing is now. Each throws if there is no answer. */
export type Publishers = {
  readonly filesOf: (
    pin: ProgramPin,
    arch: Arch,
  ) => readonly { readonly officialUrl: string; readonly officialChecksumUrl: string }[];
  readonly checksum: (url: string, checksumUrl: string) => Promise<string>;
  readonly image: (ref: string) => Promise<ImageDigests>;
  /** `PROJECT VERSION` */
  readonly wheel: (name: string, arch: Arch) => Promise<string>;
  /** `MODULE@VERSION` */
  readonly module: (name: string) => Promise<{ readonly sum: string; readonly dir: string }>;
  readonly moduleFile: (name: string, path: string) => Promise<string>;
};

type Tools = {
  readonly network: Network;
  readonly runner: Runner;
  /** Where the go command may put modules. */
  readonly goModCache: string;
  readonly cwd: string;
};

const machines: Readonly<Record<Arch, string>> = { amd64: 'x86_64', arm64: 'aarch64' };

/** All that a wheel's name may say of the C library. */
const platformsOf = (arch: Arch): readonly string[] => {
  const minors = Array.from({ length: 25 }, (_, index) => `manylinux_2_${17 + index}_${machines[arch]}`);
  return [`manylinux2014_${machines[arch]}`, ...minors].flatMap((platform) => ['--platform', platform]);
};

type Report = {
  readonly install: readonly {
    readonly download_info: { readonly archive_info: { readonly hashes: { readonly sha256: string } } };
  }[];
};

const askPip = async ({ runner, cwd }: Tools, name: string, arch: Arch): Promise<string> => {
  const flags = ['--quiet', '--disable-pip-version-check', '--dry-run', '--ignore-installed', '--no-deps'];
  const target = ['--only-binary=:all:', ...platformsOf(arch), '--target', join(cwd, 'unused'), '--report', '-'];
  const requirement = name.replace(' ', '==');
  const { stdout } = await runner(['python3', '-m', 'pip', 'install', ...flags, ...target, requirement], {});
  const [found, another] = (JSON.parse(stdout) as Report).install;
  if (!found || another) throw new Error(`pip names no wheel, or several, for ${requirement}`);
  return found.download_info.archive_info.hashes.sha256;
};

/** The go command compares what it gets with the checksum database. */
const askGo = async ({ runner, cwd, goModCache }: Tools, name: string) => {
  const env = { GOFLAGS: '-modcacherw', GOWORK: 'off', GOMODCACHE: goModCache };
  const { stdout } = await runner(['go', 'mod', 'download', '-json', name], { cwd, env });
  const { Sum: sum, Dir: dir } = JSON.parse(stdout) as { readonly Sum: string; readonly Dir: string };
  return { sum, dir };
};

/** The publishers' own hosts, and the ordinary clients of Python's and Go's registries. */
export const makePublishers = (tools: Tools): Publishers => {
  const { network } = tools;
  return {
    filesOf: (pin, arch) => (pin.release ? planRelease(pin, pin.release, { arch }) : []),
    checksum: (url, checksumUrl) => fetchChecksum(url, checksumUrl, { network }),
    image: (ref) => fetchDigests(ref, network),
    wheel: (name, arch) => askPip(tools, name, arch),
    module: (name) => askGo(tools, name),
    moduleFile: async (name, path) => sha256OfFile(join((await askGo(tools, name)).dir, path)),
  };
};
