import type { Arch, DigestPins, Pins, ProgramPin, WheelFilePin } from '../../src/model/pins.ts';
import type { ModulePin } from '../rig/pins.ts';
import type { Publishers } from './publishers.ts';

/** The content of src/config/digests.ts. */
export type Digests = DigestPins & {
  /** By project and version. */
  readonly wheels: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** By `MODULE@VERSION`, as in a go.sum. */
  readonly modules: Readonly<Record<string, string>>;
};

/** Digests by their part: an architecture, `index`, or `` for a thing that has one digest. */
type Parts = Readonly<Record<string, string | undefined>>;

/** Something that is pinned, or may be, and whom to ask what it is now. */
export type Entry = {
  readonly name: string;
  /** Where in src/config/digests.ts; without it, it is pinned elsewhere and never written. */
  readonly section?: keyof Digests;
  readonly pinned: Parts;
  readonly ask: (publishers: Publishers) => Promise<Parts>;
};

const archs: readonly Arch[] = ['amd64', 'arm64'];

const releaseEntries = (pin: ProgramPin, digests: Digests, { filesOf }: Pick<Publishers, 'filesOf'>): Entry[] =>
  archs.flatMap((arch) =>
    filesOf(pin, arch).map(({ officialUrl: name, officialChecksumUrl }) => ({
      ...{ name, section: 'files' as const },
      pinned: { '': digests.files[name] },
      ask: async ({ checksum }) => ({ '': await checksum(name, officialChecksumUrl) }),
    })),
  );

const wheelEntry = ({ version, wheel }: ProgramPin, digests: Digests): Entry[] => {
  if (!wheel) return [];
  const name = `${wheel.project} ${version.replace(/^v/, '')}`;
  const ask: Entry['ask'] = async (publishers) =>
    Object.fromEntries(await Promise.all(archs.map(async (arch) => [arch, await publishers.wheel(name, arch)])));
  return [{ name, section: 'wheels', pinned: digests.wheels[name] ?? { amd64: undefined, arm64: undefined }, ask }];
};

/** The same wheel for every architecture. */
const wheelFileEntry = ({ project, version }: WheelFilePin, digests: Digests): Entry => {
  const name = `${project} ${version}`;
  return {
    ...{ name, section: 'wheels' },
    pinned: digests.wheels[name] ?? { any: undefined },
    ask: async (publishers) => ({ any: await publishers.wheel(name, 'amd64') }),
  };
};

const moduleEntry = ({ module, version }: ModulePin, digests: Digests): Entry => {
  const name = `${module}@${version}`;
  return {
    ...{ name, section: 'modules' },
    pinned: { '': digests.modules[name] },
    ask: async (publishers) => ({ '': (await publishers.module(name)).sum }),
  };
};

export type Sums = Readonly<Record<string, { readonly name: string; readonly sum: string | undefined }>>;

/** The module of each `templates/go` folder that programs are built from; its go.sum has all others too. */
const sumEntries = (sums: Sums): Entry[] =>
  Object.entries(sums).map(([folder, { name, sum }]) => ({
    name: `${name} in templates/go/${folder}/go.sum`,
    pinned: { '': sum },
    ask: async (publishers) => ({ '': (await publishers.module(name)).sum }),
  }));

type Table = {
  readonly pins: Pins;
  readonly digests: Digests;
  readonly modules: readonly ModulePin[];
  readonly sums: Sums;
};

/** Everything that is downloaded, for both architectures. */
export const listEntries = (
  { pins, digests, modules, sums }: Table,
  publishers: Pick<Publishers, 'filesOf'>,
): readonly Entry[] => {
  const programs = [pins.kubernetes, pins.etcd, pins.coredns, pins.envoy, pins.minikube];
  const { contourManifest: manifest } = pins;
  const image = (name: string): Entry => ({
    ...{ name, section: 'images' },
    pinned: digests.images[name] ?? { index: undefined },
    ask: async ({ image: ask }) => ({ ...(await ask(name)) }),
  });
  return [
    ...programs.flatMap((pin) => releaseEntries(pin, digests, publishers)),
    ...pins.images.map(({ ref }) => image(ref)),
    wheelFileEntry(pins.determined, digests),
    ...programs.flatMap((pin) => wheelEntry(pin, digests)),
    ...modules.map((pin) => moduleEntry(pin, digests)),
    ...sumEntries(sums),
    {
      name: `${manifest.go.path} of ${manifest.go.requires}@${manifest.version}`,
      pinned: { '': manifest.sha256 },
      ask: async ({ moduleFile }) => ({
        '': await moduleFile(`${manifest.go.requires}@${manifest.version}`, manifest.go.path),
      }),
    },
  ];
};
